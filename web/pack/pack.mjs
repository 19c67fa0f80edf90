/**
 * Packs (FORMAT.md, 20): many pictures, sounds and clips in one file, each decoded without the others.
 *
 *     import { Pack } from "./pack/pack.mjs";
 *     const pack = await Pack.open("icons.vqp", { codebook });
 *     const { width, height, channels, data } = await pack.decode("animals/cat.png");
 */

import { finderOf } from "../decoding.mjs";
import { decode, decodeSpeech, decodeVideo } from "../index.mjs";
import { UnreadableInputError, UnsupportedError, VQCodecError, require } from "../errors.mjs";
import { checkMagic, crc32, hexOf } from "../format/bytes.mjs";
import { isDamage } from "../format/chunks.mjs";
import { checkEngine, codebookFor, joined, onePacket, referenceIn } from "../format/container.mjs";
import { entriesIn } from "./blocks.mjs";
import { MAGIC } from "./magic.mjs";
import { memoryItems } from "../picture/memory.mjs";
import { compareNames } from "./names.mjs";
import { HEAD_BYTES, chunkOf, lastRoot } from "./root.mjs";
import { salvage } from "./salvage.mjs";
import { sourceOf } from "./sources.mjs";

const SHORT_BEGINNING = 4; // letters: of several codebooks that begin so, the checksum says which is meant
const KEPT_BLOCKS = 64;

export class Pack {
  /**
   * Open a pack: foot and root are read, and no item. With `salvage`, items are also found without a whole index and
   * behind the last whole one: the file is read from its beginning to its end, and removed items may come back.
   * @param {Blob | Uint8Array | ArrayBuffer | URL | string} given a file, its bytes, or its address, which is read in
   *     ranges
   * @param {import("../decoding.mjs").Options} [options] for all items
   * @returns {Promise<Pack>}
   * @throws {VQCodecError} one of the classes of `errors.mjs`
   */
  static async open(given, options = {}) {
    const source = await sourceOf(given);
    const head = await source.read(0, Math.min(HEAD_BYTES, source.size));
    checkHead(head);
    const root = await lastRoot(source);
    const told = "the pack has no whole index: cut off or damaged; `salvage` finds what is intact";
    require(root !== null || options.salvage, told);
    const pack = new Pack(source, root ?? { codebooks: [], metadata: [], blocks: [] }, options);
    if (options.salvage) {
      const { entries, codebooks, metadata, damage } = await salvage(source, root, (number) => pack.block(number));
      Object.assign(pack.root, { codebooks, metadata });
      Object.assign(pack, { salvaged: entries, damage });
    }
    return pack;
  }

  constructor(source, root, options) {
    this.source = source;
    this.root = root;
    this.find = finderOf(options.codebook);
    this.salvaged = null; // the items by name, with `salvage`
    this.damage = []; // of the index, with `salvage`: a clause each
    this.options = { ...options, salvage: false, codebook: (...asked) => this.codebooksFor(...asked) };
    this.blocks = new Map(); // promises of their items, by number
    this.references = new Map(); // promises, by number
    this.metadata = new Map(); // promises of whether a set is whole, by number
    this.codebooks = new Map(); // promises, by number
    this.memories = new Map(); // promises of their items, by number of the codebook
  }

  /** The number of items. */
  get length() {
    return this.salvaged?.size ?? this.root.blocks.reduce((sum, { count }) => sum + count, 0);
  }

  /**
   * All items in the order of their names.
   * @param {string[]} [damage] to which a clause for each damaged part of the index is added; without it that is an error
   * @returns {AsyncGenerator<import("./blocks.mjs").Entry>}
   */
  async *items(damage) {
    if (this.salvaged !== null) {
      damage?.push(...this.damage);
      yield* this.salvaged.values();
      return;
    }
    for (const [number, { first, count }] of this.root.blocks.entries()) {
      try {
        yield* await this.block(number);
      } catch (error) {
        if (damage === undefined || !isDamage(error)) throw error;
        damage.push(`${count} items from '${first}' on: ${error.message}`);
      }
    }
  }

  /**
   * The item of a name; undefined if there is none.
   * @param {string} name
   * @returns {Promise<import("./blocks.mjs").Entry | undefined>}
   */
  async item(name) {
    if (this.salvaged !== null) return this.salvaged.get(name);
    const { blocks } = this.root;
    let low = 0;
    for (let high = blocks.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (compareNames(blocks[middle].first, name) <= 0) low = middle;
      else high = middle;
    }
    if (blocks.length === 0) return undefined;
    return (await this.block(low)).find((entry) => entry.name === name);
  }

  /** Decode a picture, given by its name or as one of `items`; as `decode` of `index.mjs`. */
  async decode(item) {
    return this.decoded(item, decode);
  }

  /** Decode a sound; as `decodeSpeech` of `index.mjs`. */
  async decodeSpeech(item) {
    return this.decoded(item, decodeSpeech);
  }

  /** Open a clip; as `decodeVideo` of `index.mjs`. */
  async decodeVideo(item) {
    return this.decoded(item, decodeVideo);
  }

  /** What one of the functions of `index.mjs` makes of an item. */
  async decoded(item, decoder) {
    const entry = typeof item === "string" ? await this.item(item) : item;
    require(entry !== undefined, `the pack has no item '${item}'`, UnreadableInputError);
    try {
      return await decoder(await this.mediaOf(entry), this.options);
    } catch (error) {
      if (error instanceof VQCodecError) error.message = `item '${entry.name}': ${error.message}`;
      throw error;
    }
  }

  /** An item whose check is right: a whole file, or media of one stream. */
  async mediaOf(entry) {
    const { kind, offset, length, check, checkBits } = entry;
    require(kind.medium !== undefined, `form ${kind.form} is not known here`, UnsupportedError);
    if (kind.ofMemory) return this.rememberedOf(entry);
    require(offset + length <= this.source.size, "the pack is cut off before its end");
    const reference = kind.isFile ? null : await this.reference(kind.codebook);
    const data = await this.source.read(offset, length);
    const identity = reference?.identity ?? new Uint8Array(0);
    const isRight = data.length === length && crc32(identity, kind.head, data) % 2 ** checkBits === check;
    require(isRight, "damaged (wrong checksum)");
    if (kind.isFile) return data;
    if (kind.metadata > 0) await this.checkMetadata(kind.metadata - 1);
    const codebook = await this.codebook(kind.codebook);
    checkEngine(kind, codebook);
    return onePacket(kind.engine, codebook, joined(kind.head, data));
  }

  /** An item that is in the memory of its codebook, as media of one stream. */
  async rememberedOf({ kind, offset }) {
    if (kind.metadata > 0) await this.checkMetadata(kind.metadata - 1);
    const codebook = await this.codebook(kind.codebook);
    checkEngine(kind, codebook);
    const items = await once(this.memories, kind.codebook, async () => memoryItems(codebook.arrays));
    require(offset < items.length, `item ${offset} of its codebook's memory, which has ${items.length}`);
    return onePacket(kind.engine, codebook, items[offset]);
  }

  /** The items of a block. */
  block(number) {
    const kept = once(this.blocks, number, () => this.readBlock(number));
    if (this.blocks.size > KEPT_BLOCKS) this.blocks.delete(this.blocks.keys().next().value);
    return kept;
  }

  async readBlock(number) {
    const block = this.root.blocks[number];
    const chunk = await chunkOf(this.source, block, ["NAME"]);
    const entries = entriesIn(chunk);
    const asSaid = entries.length === block.count && entries[0].name === block.first;
    require(asSaid, `${chunk.contents.what}: not the items that the root says`);
    return entries;
  }

  /** Name and identity of a codebook, and its file if the pack embeds it. */
  reference(number) {
    return once(this.references, number, async () => {
      const place = this.root.codebooks[number];
      require(place !== undefined, `codebook ${number} is missing`);
      const { kind, contents } = await chunkOf(this.source, place, ["CREF", "CEMB"]);
      require(contents.varint() === number, `${contents.what}: not codebook ${number}`);
      return referenceIn(kind, contents);
    });
  }

  /** Refuse a set of metadata that is damaged. What it says has no part in decoding. */
  checkMetadata(number) {
    return once(this.metadata, number, async () => {
      const place = this.root.metadata[number];
      require(place !== undefined, `set ${number} of metadata is missing`);
      const { contents } = await chunkOf(this.source, place, ["META"]);
      require(contents.varint() === number, `${contents.what}: not set ${number}`);
    });
  }

  codebook(number) {
    return once(this.codebooks, number, async () => codebookFor(await this.reference(number), this.find));
  }

  /** Codebook files for an item that is a whole file: those of the pack come first. */
  async codebooksFor(beginning, name) {
    const own = [];
    for (let number = 0; number < this.root.codebooks.length; number++) {
      try {
        const { identity, file } = await this.reference(number);
        if (file && hexOf(identity).startsWith(beginning)) own.push(file);
      } catch (error) {
        if (!isDamage(error)) throw error; // a codebook that is damaged keeps no other away
      }
    }
    if (own.length > 0 && beginning.length > SHORT_BEGINNING) return own;
    return [...own, ...(await this.find(beginning, name))];
  }
}

/** What is kept by a key, or made now; what fails is not kept. */
function once(kept, key, make) {
  if (!kept.has(key)) {
    const made = make();
    kept.set(key, made);
    made.catch(() => kept.delete(key));
  }
  return kept.get(key);
}

function checkHead(head) {
  checkMagic(head, MAGIC, "the pack");
  require(head.length === HEAD_BYTES, `the pack is cut off after ${head.length} bytes`);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const whole = view.getUint32(HEAD_BYTES - 4, true) === crc32(head.subarray(0, -4)) && head[8] !== 0;
  require(whole, "the head of the pack is damaged (wrong checksum)");
  require(head[8] === 1, `version ${head[8]} of packs is not known here`, UnsupportedError);
}
