/** The shipped codebooks, each fetched once, when a file names it. */

import { CodebookError } from "./errors.mjs";

/**
 * @param {string | URL} list address of a JSON file: addresses of codebooks, as seen from it, by the first 8 letters of
 *     their identities in hex
 * @returns {import("./format/codebook.mjs").Finder} for the option `codebook`
 */
export function shippedCodebooks(list = new URL("./codebooks.json", import.meta.url)) {
  const fetched = new Map(); // promises by address
  const loaded = (address) => {
    if (!fetched.has(String(address))) {
      const made = load(address);
      made.catch(() => fetched.delete(String(address))); // so that it is tried again
      fetched.set(String(address), made);
    }
    return fetched.get(String(address));
  };
  return async (beginning) => {
    const shipped = JSON.parse(new TextDecoder().decode(await loaded(list)));
    const wanted = beginning.slice(0, 8);
    const fitting = Object.keys(shipped).filter((identity) => identity.startsWith(wanted));
    return Promise.all(fitting.map((identity) => loaded(new URL(shipped[identity], new URL(list, import.meta.url)))));
  };
}

async function load(address) {
  const response = await fetch(address);
  if (!response.ok) throw new CodebookError(`${address} cannot be loaded: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
