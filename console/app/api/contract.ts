/** The shapes of the API, as types only: nothing of the server reaches the bundle. */
export type * from '../../../src/api/contract/Operations.ts'
export type * from '../../../src/api/contract/Schemas.ts'
