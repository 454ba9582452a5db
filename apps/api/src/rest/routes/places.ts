import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";

const { projects, environments } = verbs;

/** Projects and environments. */
export const placeRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/projects",
    verb: projects.create,
    tag: "projects",
    operationId: "createProject",
    status: 201,
  },
  { method: "GET", path: "/projects", verb: projects.list, tag: "projects", operationId: "listProjects" },
  {
    method: "PATCH",
    path: "/projects/:project",
    verb: projects.rename,
    tag: "projects",
    operationId: "renameProject",
  },
  {
    method: "DELETE",
    path: "/projects/:project",
    verb: projects.delete,
    tag: "projects",
    operationId: "deleteProject",
  },

  {
    method: "POST",
    path: "/environments",
    verb: environments.create,
    tag: "environments",
    operationId: "createEnvironment",
    status: 201,
  },
  {
    method: "GET",
    path: "/environments",
    verb: environments.list,
    tag: "environments",
    operationId: "listEnvironments",
  },
  {
    method: "PATCH",
    path: "/environments/:environment",
    verb: environments.rename,
    tag: "environments",
    operationId: "renameEnvironment",
  },
  {
    method: "DELETE",
    path: "/environments/:environment",
    verb: environments.delete,
    tag: "environments",
    operationId: "deleteEnvironment",
  },
];
