import type { KeyPurpose } from "@keyfold/envelope";

export type TenantPurpose = Extract<KeyPurpose, "value" | "digest">;

/** New keys of a tenant, and the rows that keep them. */
export interface NewTenantKeys {
  keys: {
    tenantId: string;
    purpose: TenantPurpose;
    term: number;
    checkValue: Buffer<ArrayBuffer>;
    createdAt: Date;
    suite: number;
    round: number | null;
    rootKey: string | null;
    generation: number;
    mac: Buffer<ArrayBuffer>;
  }[];
  wraps: {
    tenantId: string;
    purpose: TenantPurpose;
    term: number;
    opener: string;
    provider: string;
    keyVersion: string;
    suite: number;
    wrapped: Buffer<ArrayBuffer>;
    createdAt: Date;
    generation: number;
    mac: Buffer<ArrayBuffer>;
  }[];
}

/** A tenant key as it is stored: its row, and its wraps. */
export interface StoredTenantKey {
  purpose: string;
  term: number;
  checkValue: Uint8Array;
  createdAt: Date;
  /** The wrap suite of all of its wraps. */
  suite: number;
  /** The number of the job that made it; null for what the tenant began with. */
  round: number | null;
  /** The name of the tenant's own root key; null: the deployment's. */
  rootKey: string | null;
  generation: number;
  mac: Uint8Array;
  wraps: {
    purpose: string;
    term: number;
    opener: string;
    provider: string;
    /** null on rows from before it was kept. */
    keyVersion: string | null;
    suite: number;
    wrapped: Uint8Array;
    createdAt: Date;
    generation: number;
    mac: Uint8Array;
  }[];
}
