import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";
import { byId } from "./answers.ts";

const { secrets, consumers } = verbs;

/** Who reads a secret. */
export const consumerRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/secrets/:id/blast-radius",
    verb: secrets.blastRadius,
    tag: "consumers",
    operationId: "blastRadius",
    omit: byId,
  },
  {
    method: "GET",
    path: "/secrets/:id/consumers",
    verb: consumers.list,
    tag: "consumers",
    operationId: "listConsumers",
    omit: byId,
  },
  {
    method: "POST",
    path: "/secrets/:id/consumers",
    verb: consumers.declare,
    tag: "consumers",
    operationId: "declareConsumer",
    omit: byId,
    status: 201,
  },
  {
    method: "DELETE",
    path: "/secrets/:id/consumers/:consumer",
    verb: consumers.remove,
    tag: "consumers",
    operationId: "removeConsumer",
    omit: byId,
  },
  {
    method: "POST",
    path: "/secrets/:id/acks",
    verb: consumers.ack,
    tag: "consumers",
    operationId: "ackConsumer",
    omit: byId,
  },
];
