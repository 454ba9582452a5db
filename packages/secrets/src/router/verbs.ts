import { explainAccess } from "../access/explain.ts";
import { breakGlass } from "../approval/break-glass.ts";
import { decideApproval } from "../approval/decide.ts";
import { listApprovals } from "../approval/list.ts";
import { requestApproval } from "../approval/request.ts";
import { countAudit } from "../audit/counts.ts";
import { exportAudit } from "../audit/export.ts";
import { listAudit } from "../audit/list.ts";
import { pruneAudit } from "../audit/prune.ts";
import { readCheckpoint } from "../checkpoint/read.ts";
import { ackConsumer } from "../consumer/ack.ts";
import { declareConsumer } from "../consumer/declare.ts";
import { listConsumers } from "../consumer/list.ts";
import { removeConsumer } from "../consumer/remove.ts";
import { createEnvironment } from "../environment/create.ts";
import { deleteEnvironment } from "../environment/delete.ts";
import { listEnvironments } from "../environment/list.ts";
import { protectEnvironment } from "../environment/protect.ts";
import { renameEnvironment } from "../environment/rename.ts";
import { createRule } from "../federation/create.ts";
import { deleteRule } from "../federation/delete.ts";
import { listRules } from "../federation/list.ts";
import { endGrace } from "../grace/end.ts";
import { extendGrace } from "../grace/extend.ts";
import { getIdentity } from "../identity/get.ts";
import { cancelInvitation } from "../invitation/cancel.ts";
import { createInvitation } from "../invitation/create.ts";
import { listInvitations } from "../invitation/list.ts";
import { listExposed } from "../key/opener/exposed.ts";
import { removeOpener } from "../key/opener/remove-opener.ts";
import { retireKey } from "../key/root/retire.ts";
import { rotateKeys } from "../key/root/rotate.ts";
import { verifyKeys } from "../key/root/verify.ts";
import { keyStatus } from "../key/status.ts";
import { reEncrypt } from "../key/term/re-encrypt.ts";
import { rotateTenantKeys } from "../key/term/rotate-tenant.ts";
import { listLinks } from "../link/list.ts";
import { requestValue } from "../link/request.ts";
import { revokeLink } from "../link/revoke.ts";
import { shareValue } from "../link/share.ts";
import { secretMatrix } from "../matrix/matrix.ts";
import { promoteSecrets } from "../matrix/promote.ts";
import { addMember } from "../member/add.ts";
import { changeMember } from "../member/change.ts";
import { getMember } from "../member/get.ts";
import { listMembers } from "../member/list.ts";
import { removeMember } from "../member/remove.ts";
import { abandonVersion } from "../pending/abandon.ts";
import { finishVersion } from "../pending/finish.ts";
import { markVersionSet } from "../pending/mark-set.ts";
import { prepareVersion } from "../pending/prepare.ts";
import { deploymentStatus } from "../process/status.ts";
import { createProject } from "../project/create.ts";
import { deleteProject } from "../project/delete.ts";
import { listProjects } from "../project/list.ts";
import { renameProject } from "../project/rename.ts";
import { changeRole } from "../role/change.ts";
import { createRole } from "../role/create.ts";
import { deleteRole } from "../role/delete.ts";
import { listRoles } from "../role/list.ts";
import { dueRotations } from "../rotation/policy/due.ts";
import { getRotationPolicy } from "../rotation/policy/get.ts";
import { rotationOverview } from "../rotation/policy/overview.ts";
import { removeRotationPolicy } from "../rotation/policy/remove.ts";
import { listRotators } from "../rotation/policy/rotators.ts";
import { setRotationPolicy } from "../rotation/policy/set.ts";
import { abandonRotation } from "../rotation/run/abandon.ts";
import { runRotationNow } from "../rotation/run/now.ts";
import { retryRotation } from "../rotation/run/retry.ts";
import { rotationStatus } from "../rotation/run/status.ts";
import { blastRadius } from "../secret/blast-radius.ts";
import { createSecret } from "../secret/create.ts";
import { deleteSecret } from "../secret/deleted/delete.ts";
import { purgeSecret } from "../secret/deleted/purge.ts";
import { restoreSecret } from "../secret/deleted/restore.ts";
import { getSecret } from "../secret/get.ts";
import { listSecrets } from "../secret/list.ts";
import { revealManySecrets } from "../secret/reveal/many.ts";
import { revealSecret } from "../secret/reveal/reveal.ts";
import { rollBackSecret } from "../secret/roll-back.ts";
import { rotateSecret } from "../secret/rotate.ts";
import { setManySecrets } from "../secret/set/many.ts";
import { setSecret } from "../secret/set/set.ts";
import { setAccessPolicy } from "../secret/set-access-policy.ts";
import { updateSecret } from "../secret/update.ts";
import { agreeShred } from "../shred/agree.ts";
import { cancelShred } from "../shred/cancel.ts";
import { shredReceipt } from "../shred/receipt.ts";
import { requestShred } from "../shred/request.ts";
import { runShreds } from "../shred/run.ts";
import { shredStatus } from "../shred/status.ts";
import { checkValues } from "../staged/check.ts";
import { saveSecrets } from "../staged/save.ts";
import { configureTenant } from "../tenant/configure.ts";
import { createTenant } from "../tenant/create.ts";
import { deleteTenant } from "../tenant/delete.ts";
import { fleet } from "../tenant/fleet.ts";
import { getTenant } from "../tenant/get.ts";
import { listTenants } from "../tenant/list.ts";
import { purgeTenant } from "../tenant/purge.ts";
import { renameTenant } from "../tenant/rename.ts";
import { createToken } from "../token/create.ts";
import { listTokens } from "../token/list.ts";
import { revokeToken } from "../token/revoke.ts";
import { rotateToken } from "../token/rotate.ts";
import { compareSecrets } from "../upstream/compare.ts";
import { destroyVersion } from "../version/destroy.ts";
import { listVersions } from "../version/list.ts";
import { revealVersion } from "../version/reveal.ts";
import { revokeVersion } from "../version/revoke.ts";
import { createWebhook } from "../webhook/create.ts";
import { deleteWebhook } from "../webhook/delete.ts";
import { listDeliveries } from "../webhook/deliveries.ts";
import { listWebhooks } from "../webhook/list.ts";
import { replayDeliveries } from "../webhook/replay.ts";
import { rotateWebhookSecret } from "../webhook/rotate-secret.ts";
import { testWebhook } from "../webhook/test.ts";
import { updateWebhook } from "../webhook/update.ts";

/** Every verb there is, by noun: what tRPC, REST and the tests walk over. */
export const verbs = {
  access: { explain: explainAccess },
  deployment: { status: deploymentStatus },
  identity: { get: getIdentity },
  tenants: {
    create: createTenant,
    list: listTenants,
    fleet,
    get: getTenant,
    rename: renameTenant,
    configure: configureTenant,
    delete: deleteTenant,
    purge: purgeTenant,
  },
  shreds: {
    request: requestShred,
    agree: agreeShred,
    cancel: cancelShred,
    status: shredStatus,
    receipt: shredReceipt,
    run: runShreds,
  },
  keys: {
    status: keyStatus,
    rotate: rotateKeys,
    verify: verifyKeys,
    retire: retireKey,
    rotateTenant: rotateTenantKeys,
    reEncrypt,
    removeOpener,
    exposed: listExposed,
  },
  projects: { create: createProject, list: listProjects, rename: renameProject, delete: deleteProject },
  environments: {
    create: createEnvironment,
    list: listEnvironments,
    rename: renameEnvironment,
    protect: protectEnvironment,
    delete: deleteEnvironment,
  },
  secrets: {
    create: createSecret,
    set: setSecret,
    setMany: setManySecrets,
    get: getSecret,
    list: listSecrets,
    reveal: revealSecret,
    revealMany: revealManySecrets,
    update: updateSecret,
    rotate: rotateSecret,
    rollBack: rollBackSecret,
    delete: deleteSecret,
    restore: restoreSecret,
    purge: purgeSecret,
    blastRadius,
    setAccessPolicy,
    compare: compareSecrets,
    matrix: secretMatrix,
    promote: promoteSecrets,
    save: saveSecrets,
    check: checkValues,
  },
  versions: {
    list: listVersions,
    reveal: revealVersion,
    revoke: revokeVersion,
    destroy: destroyVersion,
    extendGrace,
    endGrace,
    prepare: prepareVersion,
    markSet: markVersionSet,
    finish: finishVersion,
    abandon: abandonVersion,
  },
  consumers: { declare: declareConsumer, list: listConsumers, ack: ackConsumer, remove: removeConsumer },
  rotation: {
    setPolicy: setRotationPolicy,
    getPolicy: getRotationPolicy,
    removePolicy: removeRotationPolicy,
    due: dueRotations,
    overview: rotationOverview,
    rotators: listRotators,
    runNow: runRotationNow,
    status: rotationStatus,
    retry: retryRotation,
    abandon: abandonRotation,
  },
  members: { list: listMembers, get: getMember, add: addMember, change: changeMember, remove: removeMember },
  invitations: { create: createInvitation, list: listInvitations, cancel: cancelInvitation },
  links: { request: requestValue, share: shareValue, list: listLinks, revoke: revokeLink },
  approvals: { request: requestApproval, list: listApprovals, decide: decideApproval, breakGlass },
  roles: { list: listRoles, create: createRole, change: changeRole, delete: deleteRole },
  tokens: { create: createToken, list: listTokens, rotate: rotateToken, revoke: revokeToken },
  federation: { create: createRule, list: listRules, delete: deleteRule },
  webhooks: {
    create: createWebhook,
    list: listWebhooks,
    update: updateWebhook,
    delete: deleteWebhook,
    rotateSecret: rotateWebhookSecret,
    test: testWebhook,
    deliveries: listDeliveries,
    replay: replayDeliveries,
  },
  audit: {
    list: listAudit,
    counts: countAudit,
    export: exportAudit,
    prune: pruneAudit,
    checkpoint: readCheckpoint,
  },
} as const;
