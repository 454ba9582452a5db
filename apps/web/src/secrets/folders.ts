import { inOrderOfNames } from "../locale.ts";
/** A folder of secrets, or one secret in it. */
export type Node<T> =
  | { kind: "folder"; id: string; label: string; path: string; count: number; children: Node<T>[] }
  | { kind: "secret"; id: string; label: string; secret: T };

interface Named {
  id: string;
  name: string;
}

interface Folder<T> {
  folders: Map<string, Folder<T>>;
  secrets: { label: string; secret: T }[];
}

const emptyFolder = <T>(): Folder<T> => ({ folders: new Map(), secrets: [] });

/**
 * Shows names with "/" as folders: folders first, both by name; a folder that holds nothing but one folder is drawn
 * with it in one line.
 */
export function toTree<T extends Named>(secrets: readonly T[]): Node<T>[] {
  const root = emptyFolder<T>();
  for (const secret of secrets) {
    const parts = secret.name.split("/");
    const label = parts.pop()!;
    let folder = root;
    for (const part of parts) {
      let next = folder.folders.get(part);
      if (next === undefined) {
        next = emptyFolder();
        folder.folders.set(part, next);
      }
      folder = next;
    }
    folder.secrets.push({ label, secret });
  }
  return nodesOf(root, "");
}

function nodesOf<T extends Named>(folder: Folder<T>, path: string): Node<T>[] {
  const folders = [...folder.folders].map(([name, child]): Node<T> => {
    let label = name;
    let inner = child;
    while (inner.secrets.length === 0 && inner.folders.size === 1) {
      const [[only, next]] = [...inner.folders] as [[string, Folder<T>]];
      label = `${label}/${only}`;
      inner = next;
    }
    const here = `${path}${label}`;
    const children = nodesOf(inner, `${here}/`);
    return { kind: "folder", id: `folder:${here}`, label, path: here, count: count(children), children };
  });
  const leaves = folder.secrets.map(
    ({ label, secret }): Node<T> => ({ kind: "secret", id: secret.id, label, secret }),
  );
  const byLabel = (a: Node<T>, b: Node<T>): number => inOrderOfNames(a.label, b.label);
  return [...folders.sort(byLabel), ...leaves.sort(byLabel)];
}

const count = <T>(nodes: readonly Node<T>[]): number =>
  nodes.reduce((sum, node) => sum + (node.kind === "folder" ? node.count : 1), 0);
