import { z } from "zod";
import { displayName, text } from "../input/text.ts";

/** An address as it is stored and compared: trimmed, NFC, lower case. What lies before the @ is not looked into. */
export const email = z
  .string()
  .max(320, { error: "is longer than 254 characters", abort: true })
  .transform((given) => given.trim().normalize("NFC").toLowerCase())
  .refine((s) => s.length <= 254 && /^[^\s@\p{C}"<>,;:\\]+@[^\s@\p{C}"<>,;:\\]+$/u.test(s), {
    error: "is not an e-mail address",
  });

/** What a password may be when somebody signs in: anything that could ever have been set, and a bound on the work. */
const givenPassword = text(1, 256);
/** A new password: NIST SP 800-63B-4 asks for length and forbids rules of composition. */
const newPassword = text(12, 256);

/** A code of an authenticator app, or a recovery code: with spaces and hyphens, as people type them. */
export const code = text(1, 64);

const linkSecret = z.string().regex(/^[A-Za-z0-9_-]{43}$/, { error: "is not a link's secret" });

export const signInInput = z.strictObject({ email, password: givenPassword, code: code.optional() });
export const factorInput = z.strictObject({ code });
export const linkInput = z.strictObject({ secret: linkSecret });
export const acceptInput = z.strictObject({
  secret: linkSecret,
  email: email.optional(),
  name: displayName.optional(),
  password: newPassword.optional(),
});
export const changePasswordInput = z.strictObject({
  current: givenPassword.optional(),
  password: newPassword,
});
export const enrolInput = z.strictObject({ current: givenPassword.optional() });
export const forgotInput = z.strictObject({ email });
