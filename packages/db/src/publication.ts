/** Tables that every region holds whole: they open and show no value, and say who may ask and where to. */
export const EVERYWHERE = [
  "deployments",
  "root_keys",
  "deployment_keys",
  "deployment_key_wraps",
  "operator_tokens",
  "tenants",
  "service_tokens",
] as const;

/** Tables of which a region holds the rows of the tenants that may live there. */
export const WHERE_IT_MAY_LIVE = [
  "projects",
  "environments",
  "secrets",
  "versions",
  "sealed_values",
  "tenant_keys",
  "key_wraps",
] as const;

/**
 * The statement, for the tables' owner, that publishes to one region what it may hold. Which tenants those are stands in
 * their ids: those of UUID version 8 name regions by the bits of their first byte, all others may live anywhere.
 * @param number the region's place in KEYFOLD_REGIONS, from 0 to 7
 * @throws RangeError for another name than letters, digits and "_"; for another number
 */
export function publicationSql(name: string, number: number): string {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name))
    throw new RangeError("a publication's name is letters, digits and _");
  if (!Number.isInteger(number) || number < 0 || number > 7)
    throw new RangeError("a region's number is 0 to 7");
  const filter = `((get_byte(uuid_send(tenant_id), 6) >> 4) <> 8 OR (get_byte(uuid_send(tenant_id), 0) & ${1 << number}) <> 0)`;
  const tables = [
    ...EVERYWHERE.map((table) => `control_plane.${table}`),
    ...WHERE_IT_MAY_LIVE.map((table) => `control_plane.${table} WHERE (${filter})`),
  ];
  return `CREATE PUBLICATION ${name} FOR TABLE\n  ${tables.join(",\n  ")};\n`;
}
