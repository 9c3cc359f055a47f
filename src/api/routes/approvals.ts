import type { OpenAPIHono } from '@hono/zod-openapi'
import * as Errors from '../../base/Errors.ts'
import * as Id from '../../base/Id.ts'
import * as Incident from '../../incident/Incident.ts'
import * as Timeline from '../../incident/Timeline.ts'
import * as Approval from '../../playbook/Approval.ts'
import type { Context } from '../Context.ts'
import * as Routes from '../contract/Routes.ts'
import * as Present from '../Present.ts'

/** Approvals: what is to be signed, and the signatures. The token lets one read and hand in; only a signature decides. */
export function approvals(app: OpenAPIHono, context: Context): void {
  const { database, clock, changes } = context

  app.openapi(Routes.listApprovals, async (call) => {
    const rows = await database
      .selectFrom('approval')
      .selectAll()
      .orderBy(({ eb }) => eb.case().when('status', '=', 'waiting').then(0).else(1).end())
      .orderBy('requested_at', 'desc')
      .limit(200)
      .execute()
    const decisions =
      rows.length === 0
        ? []
        : await database
            .selectFrom('approval_decision')
            .selectAll()
            .where(
              'approval_id',
              'in',
              rows.map(({ id }) => id),
            )
            .execute()
    return call.json(
      rows.map((row) =>
        Present.approval(
          context,
          row,
          decisions.filter(({ approval_id }) => approval_id === row.id),
        ),
      ),
      200,
    )
  })

  app.openapi(Routes.showApproval, async (call) => {
    const { approval, decisions } = await Approval.show(database, call.req.valid('param').id)
    const summary = await Present.incident(context, await Incident.show(database, approval.incident_id))
    return call.json(Present.fullApproval(context, approval, decisions, summary), 200)
  })

  app.openapi(Routes.decideApproval, async (call) => {
    const { id } = call.req.valid('param')
    const { decision, signature } = call.req.valid('json')
    const now = clock.now()
    const { approval, person } = await database.transaction().execute(async (connection) => {
      const decided = await Approval.decide(
        connection,
        context.people,
        id,
        { decision, signature: signature as `0x${string}` },
        now,
      )
      const summary = `${decided.person.name} ${decision === 'grant' ? 'signed' : 'refused'}: ${(await Approval.show(connection, id)).request.action}`
      await Timeline.append(
        connection,
        decided.approval.incident_id,
        {
          kind: 'approval',
          actor: `person:${decided.person.id}`,
          summary,
          detail: {
            approval: id,
            decision,
            address: decided.person.address,
            // Whoever reads the record must not hold what a Safe takes as an owner's word.
            signatureSha256: Id.sha256(signature.toLowerCase()),
            actionHash: decided.approval.action_hash,
          },
          key: `decided:${id}:${decided.person.id}`,
        },
        now,
      )
      return decided
    })
    // The decision stands. If the run cannot be woken now, it is at the next look for such runs.
    await context.decided({ id, runId: approval.run_id, path: approval.path }, person.id).catch((thrown: unknown) => {
      context.log.error({ approval: id, error: Errors.messageOf(thrown) }, 'a run could not be told of a decision')
    })
    changes.publish({ noun: 'approval', id, incidentId: approval.incident_id, at: now })
    const { decisions } = await Approval.show(database, id)
    return call.json(Present.approval(context, approval, decisions), 200)
  })
}
