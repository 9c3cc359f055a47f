/** A worker that tells when each block can first be seen, on a thread and a socket of its own, so that nobody judges himself. */
import { parentPort, workerData } from 'node:worker_threads'
import { WebSocket } from 'ws'

const socket = new WebSocket(workerData as string)
socket.on('open', () =>
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] })),
)
socket.on('message', (data) => {
  const at = performance.timeOrigin + performance.now()
  const { id, params } = JSON.parse(String(data)) as { id?: number; params?: { result: { hash: string } } }
  if (id === 1) parentPort?.postMessage({ ready: true })
  if (params) parentPort?.postMessage({ hash: params.result.hash, at })
})
