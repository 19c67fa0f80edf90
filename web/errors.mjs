/** The errors of the decoder, one class for each way to fail (FORMAT.md, 1.4). Their names are those in Python. */

export class VQCodecError extends Error {
  name = "VQCodecError"; // written out, since a minifier renames the class
}

/** The file is not of this format. */
export class UnreadableInputError extends VQCodecError {
  name = "UnreadableInputError";
}

/** The file is cut off, damaged, or contradicts itself or the format. */
export class CorruptFileError extends VQCodecError {
  name = "CorruptFileError";
}

/** The file may be right, but needs what this decoder does not know. */
export class UnsupportedError extends VQCodecError {
  name = "UnsupportedError";
}

/** The codebook is missing, or is not the one that the file names, or cannot be used. */
export class CodebookError extends VQCodecError {
  name = "CodebookError";
}

/** A size or number is beyond the limits of the format, or of this machine's memory. */
export class LimitError extends VQCodecError {
  name = "LimitError";
}

/** Throw an error of class `kind` unless `condition` holds. */
export function require(condition, message, kind = CorruptFileError) {
  if (!condition) throw new kind(message);
}
