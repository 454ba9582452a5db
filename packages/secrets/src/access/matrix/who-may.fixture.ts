/*
 * Who may call what: written by hand, and not derived from ACTIONS, so that a change there fails here.
 *
 * Each procedure is called with valid input (inputs.fixture.ts) about the tenant "acme", its project "shop" and environment
 * "dev", by each of these tokens:
 * - operator: an operator's
 * - admin: one of acme that may do everything
 * - reader: one that may read everything
 * - project: one that may do everything, in another project
 * - environment: one that may do everything, in another environment of the same project
 * - stranger: another tenant's admin, who names acme
 * and by people, by their role in acme, all of it: o owner, a admin, d developer, v viewer, u auditor. Who is named there is
 * answered as the admin's token is, all others (a dot) are forbidden.
 *
 * yes: allowed. no: forbidden. gone: not_found, so that it tells nothing. missing: allowed, and there is no such thing.
 * refused: allowed, and it is in no state for that.
 */
const PAGE = `
procedure                 operator  admin    reader   project  environment  stranger  people

access.explain            yes       yes      yes      yes      yes          gone      oadvu

identity.get              yes       yes      yes      yes      yes          yes       oadvu

tenants.create            yes       no       no       no       no           no        .....
tenants.list              yes       no       no       no       no           no        .....
tenants.fleet             yes       no       no       no       no           no        .....
tenants.get               yes       yes      yes      yes      yes          gone      oadvu
tenants.rename            yes       no       no       no       no           no        .....
tenants.configure         yes       yes      no       no       no           gone      oa...
tenants.delete            yes       no       no       no       no           no        .....
tenants.purge             yes       no       no       no       no           no        .....

deployment.status         yes       no       no       no       no           no        .....

shreds.request            yes       yes      no       no       no           gone      o....
# An operator asked: they are not the other side.
shreds.agree              refused   yes      no       no       no           gone      o....
shreds.cancel             yes       yes      no       no       no           gone      o....
shreds.status             yes       yes      no       no       no           gone      oa...
shreds.receipt            missing   no       no       no       no           no        .....
shreds.run                yes       no       no       no       no           no        .....

keys.status               yes       no       no       no       no           no        .....
keys.rotate               yes       no       no       no       no           no        .....
keys.verify               yes       no       no       no       no           no        .....
keys.retire               missing   no       no       no       no           no        .....
keys.rotateTenant         yes       no       no       no       no           no        .....
keys.reEncrypt            yes       no       no       no       no           no        .....
keys.removeOpener         missing   no       no       no       no           no        .....
keys.exposed              missing   no       no       no       no           no        .....

projects.create           yes       yes      no       no       no           gone      oa...
projects.list             yes       yes      yes      yes      yes          gone      oadvu
projects.rename           yes       yes      no       no       no           gone      oa...
projects.delete           yes       yes      no       gone     gone         gone      oa...

environments.create       yes       yes      no       gone     gone         gone      oa...
environments.list         yes       yes      yes      yes      yes          gone      oadvu
environments.rename       yes       yes      no       gone     gone         gone      oa...
environments.delete       yes       yes      no       gone     gone         gone      oa...
environments.protect      no        yes      no       gone     gone         gone      oa...

secrets.create            no        yes      no       gone     gone         gone      oad..
secrets.set               no        yes      no       gone     gone         gone      oad..
secrets.setMany           no        yes      no       gone     gone         gone      oad..
secrets.matrix            yes       yes      yes      gone     yes          gone      oadvu
secrets.promote           no        yes      no       gone     gone         gone      oad..
secrets.save              no        yes      no       gone     gone         gone      oad..
secrets.check             no        yes      yes      gone     gone         gone      oad..
secrets.get               yes       yes      yes      gone     gone         gone      oadvu
secrets.list              yes       yes      yes      yes      yes          gone      oadvu
secrets.reveal            no        yes      yes      gone     gone         gone      oad..
secrets.revealMany        no        yes      yes      gone     gone         gone      oad..
# Nobody configured an upstream here: who gets as far as that may compare.
secrets.compare           no        refused  refused  gone     gone         gone      oad..
secrets.update            yes       yes      no       gone     gone         gone      oad..
secrets.rotate            no        yes      no       gone     gone         gone      oad..
secrets.rollBack          no        yes      no       gone     gone         gone      oad..
secrets.delete            yes       yes      no       gone     gone         gone      oad..
secrets.restore           yes       yes      no       gone     gone         gone      oad..
secrets.blastRadius       yes       yes      yes      gone     gone         gone      oadvu
secrets.purge             yes       yes      no       gone     gone         gone      oa...
secrets.setAccessPolicy   no        yes      no       gone     gone         gone      oa...

versions.list             yes       yes      yes      gone     gone         gone      oadvu
versions.reveal           no        yes      yes      gone     gone         gone      oad..
versions.revoke           yes       yes      no       gone     gone         gone      oad..
versions.destroy          yes       yes      no       gone     gone         gone      oad..
versions.extendGrace      yes       yes      no       gone     gone         gone      oad..
versions.endGrace         yes       yes      no       gone     gone         gone      oad..
versions.prepare          no        yes      no       gone     gone         gone      oad..
versions.markSet          no        yes      no       gone     gone         gone      oad..
versions.finish           no        yes      no       gone     gone         gone      oad..
versions.abandon          yes       yes      no       gone     gone         gone      oad..

consumers.list            yes       yes      yes      gone     gone         gone      oadvu
consumers.declare         yes       yes      no       gone     gone         gone      oad..
consumers.remove          yes       yes      no       gone     gone         gone      oad..
consumers.ack             no        yes      yes      gone     gone         gone      .....

rotation.setPolicy        no        yes      no       gone     gone         gone      oad..
rotation.getPolicy        yes       yes      yes      gone     gone         gone      oadvu
rotation.removePolicy     yes       yes      no       gone     gone         gone      oad..
rotation.due              yes       yes      yes      yes      yes          gone      oadvu
rotation.overview         yes       no       no       no       no           no        .....
rotation.rotators         yes       yes      yes      yes      yes          yes       oadvu
rotation.runNow           no        yes      no       gone     gone         gone      oad..
rotation.status           yes       yes      yes      gone     gone         gone      oadvu
rotation.retry            yes       yes      no       gone     gone         gone      oad..
rotation.abandon          yes       yes      no       gone     gone         gone      oad..

# The operator makes a tenant's first token only, and acme has some; those two hold less than a reader of everything.
tokens.create             no        yes      no       no       no           gone      oa...
tokens.list               yes       yes      no       yes      yes          gone      oa..u
tokens.rotate             no        yes      no       gone     gone         gone      oa...
tokens.revoke             yes       yes      no       gone     gone         gone      oa...

federation.create         no        yes      no       no       no           gone      oa...
federation.list           yes       yes      no       yes      yes          gone      oa..u
federation.delete         yes       yes      no       gone     gone         gone      oa...

approvals.request         no        no       no       no       no           no        oad..
approvals.list            yes       yes      no       yes      yes          gone      oad.u
approvals.decide          no        no       no       no       no           no        oa...
approvals.breakGlass      no        no       no       no       no           no        o....

members.list              yes       yes      no       no       no           gone      oa..u
members.get               yes       yes      no       no       no           gone      oa..u
# The operator lets in a tenant's first person only.
members.add               no        yes      no       no       no           gone      oa...
members.change            no        yes      no       no       no           gone      oa...
members.remove            yes       yes      no       no       no           gone      oa...

invitations.list          yes       yes      no       no       no           gone      oa..u
invitations.create        no        yes      no       no       no           gone      oa...
invitations.cancel        yes       yes      no       no       no           gone      oa...

links.list                yes       yes      no       yes      yes          gone      oad.u
links.request             no        yes      no       gone     gone         gone      oad..
links.share               no        yes      no       gone     gone         gone      oad..
links.revoke              yes       yes      no       gone     gone         gone      oad..

roles.list                yes       yes      no       no       no           gone      oa..u
roles.create              no        yes      no       no       no           gone      oa...
roles.change              no        yes      no       no       no           gone      oa...
roles.delete              no        yes      no       no       no           gone      oa...

webhooks.create           no        yes      no       yes      yes          gone      oa...
webhooks.list             yes       yes      no       yes      yes          gone      oa..u
webhooks.update           no        yes      no       gone     gone         gone      oa...
webhooks.delete           yes       yes      no       gone     gone         gone      oa...
webhooks.rotateSecret     no        yes      no       gone     gone         gone      oa...
webhooks.test             yes       yes      no       gone     gone         gone      oa...
webhooks.deliveries       yes       yes      no       gone     gone         gone      oa..u
webhooks.replay           yes       yes      no       gone     gone         gone      oa...

audit.list                yes       yes      no       no       no           gone      oa..u
audit.counts              yes       yes      no       no       no           gone      oa..u
audit.prune               yes       yes      no       no       no           gone      o....
audit.export              yes       yes      no       no       no           gone      oa..u
audit.checkpoint          yes       yes      no       no       no           gone      oa..u
`;

/** What a word of the table is answered by. */
const ANSWERS = {
  yes: "allowed",
  no: "forbidden",
  gone: "not_found",
  missing: "not_found",
  refused: "illegal_state",
} as const;
export type Answer = (typeof ANSWERS)[keyof typeof ANSWERS];

export const TOKENS = ["operator", "admin", "reader", "project", "environment", "stranger"] as const;
export type TokenName = (typeof TOKENS)[number];

/** The roles of people, and the letter that each is in the table. */
export const LETTERS = { owner: "o", admin: "a", developer: "d", viewer: "v", auditor: "u" } as const;
export type Role = keyof typeof LETTERS;

/** What takes people: no token may, and so the table does not say what people are answered who may. */
export const ONLY_PEOPLE = new Set(["approvals.request", "approvals.decide", "approvals.breakGlass"]);

/** Where another tenant's owner is answered otherwise than its admin token. */
export const STRANGERS: Readonly<Record<string, Answer>> = { "consumers.ack": "forbidden" };

export interface Row {
  /** As `noun.verb`. */
  path: string;
  /** What each token is answered. */
  tokens: Record<TokenName, Answer>;
  /** The letters of those who may. */
  people: string;
}

/** @throws Error for a line that is none of the table's */
function rowOf(line: string): Row {
  const [path = "", ...cells] = line.split(/\s+/);
  const words = cells.slice(0, TOKENS.length);
  const people = cells.at(-1) ?? "";
  const known = words.every((word) => word in ANSWERS) && /^[o.][a.][d.][v.][u.]$/.test(people);
  if (!known || cells.length !== TOKENS.length + 1) throw new Error(`the table has no such line: ${line}`);
  const tokens = Object.fromEntries(
    TOKENS.map((token, i) => [token, ANSWERS[words[i] as keyof typeof ANSWERS]]),
  ) as Row["tokens"];
  return { path, tokens, people: people.replaceAll(".", "") };
}

/** The table, line by line. */
export const TABLE: readonly Row[] = PAGE.split("\n")
  .filter((line) => line !== "" && !/^(#|procedure )/.test(line))
  .map(rowOf);
