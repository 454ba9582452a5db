import { useQuery } from "@tanstack/react-query";
import { useIdentity, useMay } from "../data/identity.ts";
import { trpc } from "../data/trpc.ts";
import { ac } from "./messages.ts";

/** The key of whoever asks. */
export const SELF = "self";

/** Whom one may ask about: oneself, and members and tokens as far as one may read them. */
export function useWhom(tenant: string): { id: string; label: string }[] {
  const may = useMay();
  const identity = useIdentity();
  const members = useQuery({
    ...trpc.members.list.queryOptions({ tenant, limit: 200 }),
    enabled: may("member.list") && may("member.get"),
  }).data?.members;
  const tokens = useQuery({
    ...trpc.tokens.list.queryOptions({ tenant, limit: 200 }),
    enabled: may("token.list"),
  }).data?.tokens;
  const self = identity.type === "service_token" ? ac.ownToken : ac.myself;
  return [
    { id: SELF, label: self },
    ...(members ?? [])
      .filter(({ personId }) => personId !== identity.id)
      .map(({ personId, name }) => ({ id: `m ${personId}`, label: ac.member(name) })),
    ...(tokens ?? [])
      .filter(({ id, revokedAt }) => id !== identity.id && revokedAt === null)
      .map(({ id, name }) => ({ id: `t ${id}`, label: ac.token(name) })),
  ];
}

/** What a chosen key means to `access.explain`. */
export const whoIs = (key: string) => ({
  ...(key.startsWith("m ") ? { personId: key.slice(2) } : {}),
  ...(key.startsWith("t ") ? { tokenId: key.slice(2) } : {}),
});

/**
 * The usual questions first, then everything that one holds oneself.
 * @param fits which of them can be asked here
 */
export function useActions(
  fits: (action: string) => boolean = () => true,
): { id: string; label: string; text?: string }[] {
  const { actions } = useIdentity();
  const usual = Object.entries(ac.usual).flatMap(([id, label]) =>
    fits(id) ? [{ id, label, text: id }] : [],
  );
  const others = actions
    .filter((action) => !(action in ac.usual) && fits(action))
    .map((id) => ({ id, label: id }));
  return [...usual, ...others];
}
