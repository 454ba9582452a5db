import { lookSql, type Unit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { checkPlace, findPlaceFor, namedPlace, PLACE_COLUMNS, type PlaceRow } from "../place/place.ts";
import { mayOpen } from "../policy/judge.ts";
import { SECRET_COLUMNS, type SecretColumns, type SecretRow, secretOf } from "../secret/rows.ts";
import { withNewValues } from "../version/new-values.ts";
import { valueDigest } from "../version/write-keys.ts";
import { checkInput, checkOutput } from "./schema.ts";

/** How many others one value is said to equal. */
const NAMED = 5;
const ROWS_AT_ONCE = 1_000;

const SQL = `SELECT ${SECRET_COLUMNS}, ${PLACE_COLUMNS}, d.digest
    FROM control_plane.sealed_values d
    JOIN control_plane.secrets s ON s.tenant_id = d.tenant_id AND s.id = d.secret_id AND s.current_version = d.number AND s.state = 'live'
    JOIN control_plane.projects p ON p.tenant_id = s.tenant_id AND p.id = s.project_id AND p.deleted_at IS NULL
    JOIN control_plane.environments e ON e.tenant_id = s.tenant_id AND e.id = s.environment_id AND e.deleted_at IS NULL
   WHERE d.tenant_id = $1::uuid AND d.digest = ANY ($2::bytea[])
     AND (s.name, s.id) > ($3::text COLLATE "C", $4::uuid)
   ORDER BY s.name, s.id LIMIT ${ROWS_AT_ONCE}`;

type Row = SecretColumns & PlaceRow & { digest: Buffer };

/**
 * Says of new values, before they are saved, which are what is there already, and which equal another secret's: told of
 * secrets that the caller would be given now, by the tenant's keyed digests, and nothing is opened. A mutation only in that its
 * input may not stand in an address.
 */
export const checkValues = defineVerb({
  action: "secret.reveal",
  changes: true,
  summary: "Say which new values are there already, or equal another secret's",
  input: checkInput,
  output: checkOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return withNewValues(call, input.items, "items", (values) =>
      lookSql(call, tenantId, async (unit) => {
        const names = input.items.map(({ name }) => name);
        const place = await findPlaceFor(unit, input, names);
        const keys = await digestKeys(unit);
        const digests = values.map(({ value }) =>
          keys.map((key) => valueDigest({ key }, value).toString("hex")),
        );
        const isAsked = (one: Found) =>
          one.environmentId === place.environment.id && names.includes(one.name);
        const found = await readable(unit, digests.flat(), isAsked);
        unit.record({ action: "secret.compared", target: null, details: { count: values.length } });
        return {
          items: values.map(({ item }, i) => {
            const same = found.filter(({ digest }) => digests[i]!.includes(digest));
            const isItself = (one: Found) =>
              one.name === item.name && one.environmentId === place.environment.id;
            return {
              name: item.name,
              unchanged: same.some(isItself),
              equals: same.filter((one) => !isItself(one)).slice(0, NAMED),
            };
          }),
        };
      }),
    );
  },
});

/** A tenant has one digest key; more where it was changed, or has one for each suite. */
async function digestKeys(unit: Unit) {
  const rows = await unit.query<{ term: number }>(
    "SELECT DISTINCT term FROM control_plane.tenant_keys WHERE tenant_id = $1::uuid AND purpose = 'digest'",
    [unit.tenantId],
  );
  return Promise.all(rows.map(({ term }) => unit.call.services.keys.of(unit.tenantId, "digest", term)));
}

interface Found {
  id: string;
  name: string;
  project: string;
  environment: string;
  environmentId: string;
  digest: string;
}

/**
 * The secrets whose current values have one of these digests, and that the actor would be given now: those that are asked
 * about, and of each value as many others as are named. All are looked through, however many there are: those that were out
 * of reach would else push out others, and be noticed by that.
 */
async function readable(
  unit: Unit,
  digests: readonly string[],
  isAsked: (one: Found) => boolean,
): Promise<Found[]> {
  const { call, tenantId } = unit;
  const wanted = [...new Set(digests)].map((hex) => Buffer.from(hex, "hex"));
  const found: Found[] = [];
  const others = new Map<string, number>();
  let after = ["", "00000000-0000-0000-0000-000000000000"];
  for (let more = true; more; ) {
    const rows = await unit.query<Row>(SQL, [tenantId, wanted, ...after]);
    for (const row of rows) {
      const secret = secretOf(row);
      if (!mayOpen(call.actor, secret, unit.now)) continue;
      const one = foundOf(secret, row);
      const count = others.get(one.digest) ?? 0;
      if (!isAsked(one) && count > NAMED) continue;
      call.services.mac.check("secrets", tenantId, secret);
      checkPlace(call.services.mac, tenantId, row);
      found.push(one);
      others.set(one.digest, count + 1);
    }
    const last = rows.at(-1);
    if (last !== undefined) after = [last.s_name, last.s_id];
    more = rows.length === ROWS_AT_ONCE;
  }
  return found;
}

function foundOf({ id, name }: SecretRow, row: Row): Found {
  const { project, environment } = namedPlace(row);
  return {
    id,
    name,
    project: project.name,
    environment: environment.name,
    environmentId: environment.id,
    digest: row.digest.toString("hex"),
  };
}
