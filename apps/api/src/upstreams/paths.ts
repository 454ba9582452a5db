import type { AskedUpstream } from "@keyfold/secrets";

/**
 * A path at an upstream, its places filled in, in segments.
 * @param template such as /tenants/{tenant}/{project}
 * @returns null where a name in it would lead out of its folder, and so to another tenant's
 */
export function segmentsOf(
  template: string,
  { tenant, project, environment }: Omit<AskedUpstream, "name">,
): string[] | null {
  const places: Record<string, string> = {
    tenant: tenant.slug,
    project: project.name,
    environment: environment.name,
  };
  const segments = template
    .split("/")
    .filter((segment) => segment !== "")
    .map((segment) =>
      segment.replace(/\{(tenant|project|environment)\}/g, (_, place: string) => places[place]!),
    );
  return segments.every(isInside) ? segments : null;
}

/** A secret's name in segments; null where it would lead out of its folder. */
export function nameSegments(name: string): string[] | null {
  const segments = name.split("/");
  return segments.every(isInside) ? segments : null;
}

// A URL's parser resolves dots, encoded ones too; what else could separate folders is none of ours.
const isInside = (segment: string): boolean =>
  segment !== "" && !/^(\.|%2e){1,2}$/i.test(segment) && !/[/\\\0]/.test(segment);
