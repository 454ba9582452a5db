/** A value as it was entered, and how it is written. */
export interface NewValue {
  value: string;
  encoding: "utf8" | "base64";
}
