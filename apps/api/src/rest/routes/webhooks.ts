import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";

const { webhooks } = verbs;

/** Webhooks, and what was delivered. */
export const webhookRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/webhooks",
    verb: webhooks.create,
    tag: "webhooks",
    operationId: "createWebhook",
    status: 201,
  },
  { method: "GET", path: "/webhooks", verb: webhooks.list, tag: "webhooks", operationId: "listWebhooks" },
  {
    method: "PATCH",
    path: "/webhooks/:id",
    verb: webhooks.update,
    tag: "webhooks",
    operationId: "updateWebhook",
  },
  {
    method: "DELETE",
    path: "/webhooks/:id",
    verb: webhooks.delete,
    tag: "webhooks",
    operationId: "deleteWebhook",
  },
  {
    method: "POST",
    path: "/webhooks/:id/rotate-secret",
    verb: webhooks.rotateSecret,
    tag: "webhooks",
    operationId: "rotateWebhookSecret",
  },
  {
    method: "POST",
    path: "/webhooks/:id/test",
    verb: webhooks.test,
    tag: "webhooks",
    operationId: "testWebhook",
  },
  {
    method: "GET",
    path: "/webhooks/:id/deliveries",
    verb: webhooks.deliveries,
    tag: "webhooks",
    operationId: "listWebhookDeliveries",
  },
  {
    method: "POST",
    path: "/webhooks/:id/replay",
    verb: webhooks.replay,
    tag: "webhooks",
    operationId: "replayWebhookDeliveries",
  },
];
