/** The provenance of a codebook: whether it is JSON in the one form that the format allows (FORMAT.md, 6.1). */

import { CorruptFileError, LimitError, require } from "../errors.mjs";
import { utf8 } from "./bytes.mjs";

const MOST_BYTES = 1 << 20;
const MOST_DEPTH = 32;
const NUMBER = /-?\d[\d.e+-]*/y;
const INTEGER = /^-?\d+$/;
const MOST_DIGITS = 4300; // of an integer
const STRING = /"(?:[^"\\\u0000-\u001f]|\\["\\bfnrt]|\\u00[01][0-9a-f])*"/y;
const SHORT_ESCAPES = /\\u00(?:08|09|0a|0c|0d)/;

/** Refuse provenance that is not in the canonical form. */
export function checkProvenance(data, what) {
  require(data.length <= MOST_BYTES, `${what}: provenance of ${data.length} bytes`, LimitError);
  require(nesting(data) <= MOST_DEPTH, `${what}: provenance nested more than ${MOST_DEPTH} deep`, LimitError);
  const scanner = new Scanner(utf8(data, what), `${what}: provenance is not in its form; damaged`);
  scanner.object();
  scanner.expect(scanner.at === scanner.text.length);
}

function nesting(data) {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < data.length; at++) {
    const letter = String.fromCharCode(data[at]);
    if (letter === '"') {
      for (at++; at < data.length && data[at] !== 34; at++) if (data[at] === 92) at++;
    } else if (letter === "[" || letter === "{") deepest = Math.max(deepest, ++depth);
    else if (letter === "]" || letter === "}") depth--;
  }
  return deepest;
}

class Scanner {
  constructor(text, message) {
    this.text = text;
    this.message = message;
    this.at = 0;
  }

  expect(condition) {
    if (!condition) throw new CorruptFileError(this.message);
  }

  token(expression) {
    expression.lastIndex = this.at;
    const match = expression.exec(this.text);
    this.expect(match !== null);
    this.at += match[0].length;
    return match[0];
  }

  /** Whether `letter` comes next; it is passed if so. */
  passed(letter) {
    if (this.text[this.at] !== letter) return false;
    this.at++;
    return true;
  }

  value() {
    const letter = this.text[this.at];
    if (letter === "{") this.object();
    else if (letter === "[") this.list();
    else if (letter === '"') this.string();
    else if (/[-\d]/.test(letter ?? "")) this.number();
    else {
      const word = ["true", "false", "null"].find((known) => this.text.startsWith(known, this.at));
      this.expect(word !== undefined);
      this.at += word.length;
    }
  }

  object() {
    this.expect(this.passed("{"));
    if (this.passed("}")) return;
    let before = null;
    do {
      const name = Array.from(this.string(), (letter) => letter.codePointAt(0));
      this.expect(before === null || isBefore(before, name));
      before = name;
      this.expect(this.passed(":"));
      this.value();
    } while (this.passed(","));
    this.expect(this.passed("}"));
  }

  list() {
    this.expect(this.passed("["));
    if (this.passed("]")) return;
    do this.value();
    while (this.passed(","));
    this.expect(this.passed("]"));
  }

  string() {
    const token = this.token(STRING);
    this.expect(!SHORT_ESCAPES.test(token.replaceAll("\\\\", "")));
    return JSON.parse(token);
  }

  number() {
    const token = this.token(NUMBER);
    const whole = /^(?:0|-?[1-9]\d*)$/;
    if (INTEGER.test(token)) this.expect(whole.test(token) && token.replace("-", "").length <= MOST_DIGITS);
    else this.expect(token === shortest(Number(token)));
  }
}

function isBefore(first, second) {
  const index = first.findIndex((point, place) => point !== second[place]);
  if (index < 0) return first.length < second.length;
  return index < second.length && first[index] < second[index];
}

/** A double in the fewest digits, with a point or an exponent, as the format writes it. */
function shortest(value) {
  if (!Number.isFinite(value)) return "";
  const [digits, exponent] = value.toExponential().split("e");
  const size = Number(exponent);
  if (value !== 0 && (size < -4 || size >= 16)) {
    return `${digits}e${size < 0 ? "-" : "+"}${String(Math.abs(size)).padStart(2, "0")}`;
  }
  const sign = Object.is(value, -0) ? "-" : "";
  const plain = size < 0 ? value.toFixed(Math.max(0, digits.replace(/[-.]/g, "").length - 1 - size)) : String(value);
  return sign + (plain.includes(".") ? plain : `${plain}.0`);
}
