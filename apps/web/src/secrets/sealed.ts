import { useIdentity } from "../data/identity.ts";

/** Whether a secret's values are shown to nobody who looks: to no person, where it is write-only. */
export function useSealed(secret: { accessPolicy: { writeOnly?: boolean } | null }): boolean {
  const { type } = useIdentity();
  return secret.accessPolicy?.writeOnly === true && type !== "service_token";
}
