/** Where the bytes of a pack are read from, range by range: a file of the page, bytes, or an address. */

import { CorruptFileError, UnreadableInputError, require } from "../errors.mjs";
import { bytesOf } from "../format/bytes.mjs";

/** Bytes from the end that are read first: foot and root of most packs. */
export const TAIL_BYTES = 1 << 13;

/**
 * @typedef {object} Source
 * @property {number} size in bytes
 * @property {(offset: number, length: number) => Promise<Uint8Array>} read the bytes of a range that lies in the file
 */

/**
 * @param {Blob | Uint8Array | ArrayBuffer | URL | string} given a string is an address
 * @returns {Promise<Source>}
 */
export async function sourceOf(given) {
  if (typeof given === "string" || given instanceof URL) return sourceAt(given);
  if (given instanceof Blob) return new BlobSource(given);
  return new BlobSource(new Blob([bytesOf(given)]));
}

/** A file that the user has chosen, of which only the ranges that are asked for are read. */
class BlobSource {
  constructor(blob) {
    this.blob = blob;
    this.size = blob.size;
  }

  async read(offset, length) {
    try {
      return new Uint8Array(await this.blob.slice(offset, offset + length).arrayBuffer());
    } catch (error) {
      throw new UnreadableInputError(`the file cannot be read; choose it again (${error.message})`);
    }
  }
}

/** The file at an address: by ranges, or all of it if the server does not give ranges. */
async function sourceAt(address) {
  const response = await asked(address, `bytes=-${TAIL_BYTES}`);
  if (response.status === 200) return new BlobSource(await response.blob());
  const [, first, size] = rangeOf(response, address);
  return new UrlSource(address, size, { first, data: await bodyOf(response, address) }, response.headers.get("ETag"));
}

/** A file on a server, read by one request a range. */
class UrlSource {
  constructor(address, size, tail, tag) {
    this.address = address;
    this.size = size;
    this.tail = tail;
    this.tag = tag;
  }

  async read(offset, length) {
    const { first, data } = this.tail;
    if (length === 0) return new Uint8Array(0);
    if (offset >= first) return data.subarray(offset - first, offset - first + length);
    const response = await asked(this.address, `bytes=${offset}-${offset + length - 1}`);
    require(response.status === 206, `${this.address}: the server gives ranges no longer`, UnreadableInputError);
    const [, start, size] = rangeOf(response, this.address);
    const same = size === this.size && start === offset && response.headers.get("ETag") === this.tag;
    const read = await bodyOf(response, this.address);
    require(same && read.length === length, `${this.address}: the file has changed; open it again`);
    return read;
  }
}

async function asked(address, range) {
  let response;
  try {
    response = await fetch(address, { headers: { Range: range } });
  } catch (error) {
    throw new UnreadableInputError(`${address}: cannot be loaded (${error.message})`);
  }
  require(response.ok, `${address}: cannot be loaded: ${response.status}`, UnreadableInputError);
  return response;
}

async function bodyOf(response, address) {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new CorruptFileError(`${address}: cut off on the way (${error.message})`);
  }
}

function rangeOf(response, address) {
  const found = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "");
  const told = "the server does not say how long it is; it has to send, and to expose, Content-Range";
  require(found !== null, `${address}: ${told}`, UnreadableInputError);
  return found.map(Number);
}
