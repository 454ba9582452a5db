import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";

const { rotation } = verbs;

/** When a secret rotates, and how one rotation stands. */
export const rotationRoutes: readonly Route[] = [
  {
    method: "PUT",
    path: "/secrets/:id/rotation",
    verb: rotation.setPolicy,
    tag: "rotation",
    operationId: "setRotationPolicy",
  },
  {
    method: "GET",
    path: "/secrets/:id/rotation",
    verb: rotation.getPolicy,
    tag: "rotation",
    operationId: "getRotationPolicy",
  },
  {
    method: "DELETE",
    path: "/secrets/:id/rotation",
    verb: rotation.removePolicy,
    tag: "rotation",
    operationId: "removeRotationPolicy",
  },
  {
    method: "POST",
    path: "/secrets/:id/rotation/run",
    verb: rotation.runNow,
    tag: "rotation",
    operationId: "runRotationNow",
  },
  {
    method: "GET",
    path: "/secrets/:id/rotation/status",
    verb: rotation.status,
    tag: "rotation",
    operationId: "rotationStatus",
  },
  {
    method: "POST",
    path: "/secrets/:id/rotation/retry",
    verb: rotation.retry,
    tag: "rotation",
    operationId: "retryRotation",
  },
  {
    method: "POST",
    path: "/secrets/:id/rotation/abandon",
    verb: rotation.abandon,
    tag: "rotation",
    operationId: "abandonRotation",
  },
  {
    method: "GET",
    path: "/rotations/due",
    verb: rotation.due,
    tag: "rotation",
    operationId: "dueRotations",
  },
  {
    method: "GET",
    path: "/rotations/overview",
    verb: rotation.overview,
    tag: "rotation",
    operationId: "rotationOverview",
  },
  {
    method: "GET",
    path: "/rotators",
    verb: rotation.rotators,
    tag: "rotation",
    operationId: "listRotators",
  },
];
