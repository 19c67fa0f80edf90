/** Clips: frames one by one, from any frame on, and the sound beside them (FORMAT.md, 17). */

import { LimitError, UnsupportedError, require } from "../errors.mjs";
import { isDamage } from "../format/chunks.mjs";
import { codebookOf } from "../format/container.mjs";
import { groupsOf, momentOf, placeOf, salvagedGroups } from "./groups.mjs";
import { readHeader } from "./header.mjs";
import * as mc from "./mc.mjs";
import { rgbaOf } from "./rgb.mjs";
import * as st3d from "./st3d.mjs";

const ENGINES = { "video/mc": mc, "video/st3d": st3d };

/**
 * @typedef {object} Frame
 * @property {number} number counted from 0
 * @property {number} seconds from the first frame on
 * @property {import("./planes.mjs").Plane[]} planes Y, U and V
 * @property {boolean} lost whether the frame is lost, and shows what another one does
 */

/** A clip that is open. */
export class Video {
  /**
   * @param {Media} media whose codebooks have not been found yet
   * @param {object} needed
   * @param {import("../format/codebook.mjs").Finder} needed.find
   * @param {() => Promise<Kernels>} needed.newKernels gives those of `vqcodec-video.wasm`, with memory of their own
   * @param {(media: Media) => Promise<Sound>} needed.decodeSound
   * @param {number} needed.mostPixels of a frame
   * @param {string[] | null} damage to which a clause for each damage is added; null if it is an error
   * @returns {Promise<Video>}
   */
  static async open(media, { find, newKernels, decodeSound, mostPixels }, damage) {
    const streams = [...media.streams.values()];
    const own = streams.filter(({ medium }) => medium === "video");
    require(streams[0].medium === "video", `this is ${streams[0].medium}, not video`, UnsupportedError);
    require(own.length === 1, `this file has ${own.length} videos; one is decoded here`, UnsupportedError);
    const [stream] = own;
    const engine = ENGINES[stream.engine];
    require(engine !== undefined, `the engine ${stream.engine} is not known here`, UnsupportedError);
    const header = readHeader(stream.header);
    const { width, height } = header;
    const allowed = width * height <= mostPixels;
    require(allowed, `frames of ${width}x${height} pixels; at most ${mostPixels} are wanted`, LimitError);
    const groupsIn = damage ? salvagedGroups : groupsOf;
    const found = groupsIn(header, stream, engine.framesIn, damage);
    const codebook = await codebookOf(media, stream, find);
    const sound = new Map([...media.streams].filter(([, { medium }]) => medium === "speech"));
    return new Video(
      { header, ...found, damage, sound: { ...media, streams: sound } },
      { codebook, engine, newKernels, decodeSound },
    );
  }

  constructor({ header, groups, length, damage, sound }, { codebook, engine, newKernels, decodeSound }) {
    this.header = header;
    this.groups = groups;
    this.length = length;
    this.salvaged = damage !== null;
    this.damage = damage ?? [];
    this.parts = { sound, codebook, engine, newKernels, decodeSound };
    this.idle = []; // decoders that wait for work
  }

  get width() {
    return this.header.width;
  }

  get height() {
    return this.header.height;
  }

  /** How long the clip lasts. */
  get seconds() {
    return this.momentOf(this.length);
  }

  get hasSound() {
    return this.parts.sound.streams.size > 0;
  }

  /** When a frame is shown, in seconds from the first frame on. */
  momentOf(frame) {
    return momentOf(this.header, this.groups, frame);
  }

  /** The number of the frame that is shown at a time in seconds. */
  frameAt(seconds) {
    let [low, high] = [0, this.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.momentOf(middle) <= seconds) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * The frames from a number on. Decoding begins with the group that has it, and goes on as frames are asked for.
   * @param {number} first
   * @returns {AsyncGenerator<Frame>}
   */
  async *frames(first = 0) {
    const inside = Number.isInteger(first) && first >= 0 && first < this.length;
    require(inside, `frame ${first} is not among the ${this.length} of the video`, LimitError);
    let due = first;
    let before = null; // the planes of the last intact frame
    for await (const [number, planes] of this.intact(first)) {
      for (; due < number; due++) yield this.frameOf(due, before ?? planes, true);
      before = planes;
      if (number === due) yield this.frameOf(due++, planes, false);
    }
    require(due === this.length || before !== null, "none of these frames is intact");
    for (; due < this.length; due++) yield this.frameOf(due, before, true);
  }

  /** The pixels of a frame for an `ImageData`. */
  rgbaOf(frame) {
    return rgbaOf(this.header, frame.planes);
  }

  /**
   * The sound beside the frames, as `decodeSpeech` gives it; null without sound.
   * @returns {Promise<Sound | null>}
   */
  async decodeSound() {
    return this.hasSound ? this.parts.decodeSound(this.parts.sound) : null;
  }

  frameOf(number, planes, lost) {
    return { number, seconds: this.momentOf(number), planes, lost };
  }

  /** The frames that can be decoded, from the beginning of the group of a frame on, with their numbers. */
  async *intact(first) {
    const decoder = this.idle.pop() ?? (await this.newDecoder());
    try {
      for (let place = Math.max(0, placeOf(this.groups, first)); place < this.groups.length; place++) {
        const { start, payload } = this.groups[place];
        try {
          let number = start;
          for (const planes of decoder.decode(payload)) yield [number++, planes];
        } catch (error) {
          if (!this.salvaged || !isDamage(error)) throw withoutMemory(error);
        }
      }
    } finally {
      this.idle.push(decoder);
    }
  }

  async newDecoder() {
    const { codebook, engine, newKernels } = this.parts;
    const most = this.groups.reduce((longest, { payload }) => Math.max(longest, payload.length), 0);
    return new engine.Decoder(await newKernels(), this.header, codebook, most);
  }
}

function withoutMemory(error) {
  return error instanceof RangeError ? new LimitError("this needs more memory than there is") : error;
}
