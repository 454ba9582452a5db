import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";
import { written } from "./answers.ts";

const { versions } = verbs;

/** The versions of a secret. */
export const versionRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/secrets/:id/versions",
    verb: versions.list,
    tag: "versions",
    operationId: "listVersions",
  },
  {
    method: "GET",
    path: "/secrets/:id/versions/:version",
    verb: versions.reveal,
    tag: "versions",
    operationId: "revealVersion",
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/revoke",
    verb: versions.revoke,
    tag: "versions",
    operationId: "revokeVersion",
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/destroy",
    verb: versions.destroy,
    tag: "versions",
    operationId: "destroyVersion",
  },
  {
    method: "POST",
    path: "/secrets/:id/versions",
    verb: versions.prepare,
    tag: "versions",
    operationId: "prepareVersion",
    status: 201,
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/extend-grace",
    verb: versions.extendGrace,
    tag: "versions",
    operationId: "extendGrace",
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/end-grace",
    verb: versions.endGrace,
    tag: "versions",
    operationId: "endGrace",
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/mark-set",
    verb: versions.markSet,
    tag: "versions",
    operationId: "markVersionSet",
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/finish",
    verb: versions.finish,
    tag: "versions",
    operationId: "finishVersion",
    answer: written,
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/abandon",
    verb: versions.abandon,
    tag: "versions",
    operationId: "abandonVersion",
  },
];
