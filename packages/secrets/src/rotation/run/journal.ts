import type { Journal, Made, Rotator } from "@keyfold/rotators";
import { KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { changeSql, type Unit } from "../../flow/change.ts";
import { finishPending } from "../../pending/finish.ts";
import { lockPending } from "../../pending/load.ts";
import { preparePending } from "../../pending/prepare.ts";
import { type Loaded, lockSecret } from "../../secret/load.ts";
import { moveVersion } from "../../version/write.ts";
import { sayFailed } from "./loud.ts";
import { withMadeValue } from "./made-value.ts";
import { lookAhead } from "./next.ts";
import { moveRotation, type RotationRow } from "./store.ts";

/** A rotation's progress, kept in its row under a lease: each step in one transaction with what it changes. */
export class RotationJournal implements Journal {
  readonly #call: Call;
  readonly #tenantId: string;
  readonly #holder: string;
  readonly #rotator: Rotator;
  row: RotationRow;

  constructor(call: Call, tenantId: string, row: RotationRow, holder: string, rotator: Rotator) {
    this.#call = call;
    this.#tenantId = tenantId;
    this.row = row;
    this.#holder = holder;
    this.#rotator = rotator;
  }

  async load(): ReturnType<Journal["load"]> {
    const { phase, notes, cause } = this.row;
    const known = phase === "abandoned" ? "failed" : phase;
    return {
      phase: known,
      state: notes === null ? null : (JSON.parse(notes) as unknown),
      cause: cause === "superseded" || cause === "unknown_rotator" ? "failed" : cause,
    };
  }

  async made({ value, state }: Made<unknown>): Promise<void> {
    await withMadeValue(this.#call, this.#tenantId, value, (keys, sealable) =>
      this.#step(true, async (unit) => {
        const loaded = await this.#lock(unit);
        const version = await preparePending(unit, loaded, keys, sealable, {
          reason: this.row.reason,
          details: { rotation: this.row.id },
        });
        return { version: version.number, phase: "set", notes: JSON.stringify(state) };
      }),
    );
  }

  aboutToSet(): Promise<void> {
    return this.#step(true, async (unit) => {
      const { secret, version } = await this.#pending(unit);
      if (version.setAt === null) {
        await moveVersion(unit, version, { state: "pending", setAt: unit.now });
        unit.record({
          action: "version.set_at_target",
          target: { type: "secret", id: secret.id, name: secret.name, version: version.number },
          details: { rotation: this.row.id },
        });
      }
      return {};
    });
  }

  reached(...[phase, cause]: Parameters<Journal["reached"]>): Promise<void> {
    return this.#step(false, async (unit) => {
      const fresh = { phase, attempts: 0, problem: null } as const;
      if (phase === "done") {
        const { secret } = await this.#lock(unit);
        unit.record({
          action: "rotation.finished",
          target: { type: "secret", id: secret.id, name: secret.name, version: this.row.version },
          details: { rotation: this.row.id, rotator: this.row.kind },
        });
        const cleanAt = this.#rotator.cleansUp ? unit.now : null;
        return { ...fresh, finishedAt: unit.now, tryAt: null, cleanAt };
      }
      if (phase === "failed") {
        const { secret } = await this.#lock(unit);
        const why = this.row.cause ?? cause ?? "failed";
        sayFailed(unit, secret, {
          rotation: this.row.id,
          kind: this.row.kind,
          version: this.row.version,
          cause: why,
          targetCode: this.row.targetCode,
          stands: true,
        });
        return { ...fresh, cause: why, tryAt: null };
      }
      return { ...fresh, ...(cause === undefined ? {} : { cause }) };
    });
  }

  switchOver(): Promise<void> {
    return this.#step(true, async (unit) => {
      try {
        const loaded = await this.#pending(unit);
        await finishPending(unit, loaded, { details: { rotation: this.row.id } });
      } catch (error) {
        // Another value became current, or somebody ended this one by hand: the target follows what is current.
        if (!(error instanceof KeyfoldError) || !SUPERSEDED.has(error.code)) throw error;
        return { phase: "undo", cause: "superseded" };
      }
      await lookAhead(unit, this.row.secretId);
      return { phase: "finish", attempts: 0, problem: null };
    });
  }

  async #step(
    raise: boolean,
    work: (unit: Unit) => Promise<Parameters<typeof moveRotation>[2]>,
  ): Promise<void> {
    this.row = await changeSql(
      this.#call,
      this.#tenantId,
      async (unit) => moveRotation(unit, this.row, await work(unit), this.#holder),
      { raise },
    );
  }

  #lock(unit: Unit): Promise<Loaded> {
    return lockSecret(unit, { id: this.row.secretId });
  }

  #pending(unit: Unit): ReturnType<typeof lockPending> {
    return lockPending(unit, { id: this.row.secretId, version: this.row.version! });
  }
}

const SUPERSEDED: ReadonlySet<string> = new Set(["version_mismatch", "illegal_state"]);
