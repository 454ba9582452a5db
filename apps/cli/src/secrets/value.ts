import { type Encoding, SecretValue } from "@keyfold/envelope/secret-value";

/** A value as the server takes and answers it. */
export interface WireValue {
  value: string;
  encoding: Encoding;
}

/** A value that was answered, wrapped as soon as it is here: it is opened where a command writes it out. */
export const answered = ({ value, encoding }: WireValue): SecretValue =>
  SecretValue.takeOver(Buffer.from(value, encoding), encoding);

/** Opens a value for a call that sends it. */
export const sent = (value: SecretValue): WireValue => ({
  value: value.unsafelyEncoded(),
  encoding: value.encoding,
});
