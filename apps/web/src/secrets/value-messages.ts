/** The sentences beside the box in which a value is entered. */
export const v = {
  make: "Make one",
  kinds: {
    base64url: "Random, base64url",
    hex: "Random, hexadecimal",
    password: "Password, 44 signs",
    uuid: "UUID",
  },
  made: "Made here, by your browser's own random numbers.",
  file: "From a file",
  taken: (binary: boolean) =>
    binary ? "Taken from the file: bytes, as base64." : "Taken from the file, as text.",
  json: "Valid JSON.",
  brokenJson: "This looks like JSON, but is not valid.",
} as const;
