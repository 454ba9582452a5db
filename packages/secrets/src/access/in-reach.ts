import { coversWholeTenant, type Grant } from "./scope.ts";

/** Whether a secret, `s`, is in one of the reaches that a parameter holds, as `reachOf` makes it. */
export const IN_REACH = (parameter: string): string =>
  `(${parameter}::jsonb IS NULL OR EXISTS (SELECT FROM jsonb_array_elements(${parameter}::jsonb) g
           WHERE (g->'projects' = 'null' OR g->'projects' ? s.project_id::text)
             AND (g->'environments' = 'null' OR g->'environments' ? s.environment_id::text)
             AND (g->>'prefix' IS NULL OR starts_with(s.name, g->>'prefix'))))`;

/**
 * What a query narrows by, so that neither its pages nor their cursors tell of what is out of reach; null where there is
 * nothing to narrow.
 */
export function reachOf(grants: readonly Grant[] | null): string | null {
  if (grants === null || grants.some(coversWholeTenant)) return null;
  return JSON.stringify(
    grants.map(({ projects, environments, prefix }) => ({ projects, environments, prefix })),
  );
}
