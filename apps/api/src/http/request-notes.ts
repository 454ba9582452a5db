/** Notes about requests of Node's server, each kept for as long as its request is: what one part notes, a later one finds. */
export function requestNotes<T>(): {
  note(request: object, what: T): void;
  /** Undefined: nothing was noted, or the request came another way. */
  of(request: object | undefined): T | undefined;
} {
  const notes = new WeakMap<object, T>();
  return {
    note: (request, what) => void notes.set(request, what),
    of: (request) => (request === undefined ? undefined : notes.get(request)),
  };
}
