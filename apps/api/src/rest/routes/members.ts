import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";

const { access, members, invitations, roles } = verbs;

/** The people of a tenant, and its roles. */
export const memberRoutes: readonly Route[] = [
  { method: "GET", path: "/members", verb: members.list, tag: "members", operationId: "listMembers" },
  {
    method: "POST",
    path: "/members",
    verb: members.add,
    tag: "members",
    operationId: "addMember",
    status: 201,
  },
  {
    method: "GET",
    path: "/members/:person_id",
    verb: members.get,
    alias: { person_id: "personId" },
    tag: "members",
    operationId: "getMember",
  },
  {
    method: "PATCH",
    path: "/members/:person_id",
    verb: members.change,
    alias: { person_id: "personId" },
    tag: "members",
    operationId: "changeMember",
  },
  {
    method: "DELETE",
    path: "/members/:person_id",
    verb: members.remove,
    alias: { person_id: "personId" },
    tag: "members",
    operationId: "removeMember",
  },
  {
    method: "GET",
    path: "/invitations",
    verb: invitations.list,
    tag: "members",
    operationId: "listInvitations",
  },
  {
    method: "POST",
    path: "/invitations",
    verb: invitations.create,
    tag: "members",
    operationId: "createInvitation",
    status: 201,
  },
  {
    method: "DELETE",
    path: "/invitations/:id",
    verb: invitations.cancel,
    tag: "members",
    operationId: "cancelInvitation",
  },
  {
    method: "GET",
    path: "/access/explain",
    verb: access.explain,
    tag: "members",
    operationId: "explainAccess",
  },
  { method: "GET", path: "/roles", verb: roles.list, tag: "roles", operationId: "listRoles" },
  {
    method: "POST",
    path: "/roles",
    verb: roles.create,
    tag: "roles",
    operationId: "createRole",
    status: 201,
  },
  { method: "PATCH", path: "/roles/:id", verb: roles.change, tag: "roles", operationId: "changeRole" },
  { method: "DELETE", path: "/roles/:id", verb: roles.delete, tag: "roles", operationId: "deleteRole" },
];
