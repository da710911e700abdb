/** Outcomes as answers on the wire of a service's protocol. */
import { encodeError } from '#aws/json-encode.ts'
import { errorRow, type Refusal } from '#aws/errors.ts'
import type { Service } from '#aws/operation.ts'
import { encodeQueryError } from '#aws/query-encode.ts'
import type { Answer } from './request.ts'

export interface Renderer {
  /** `body` as a success; `sensitive` bodies are overwritten once sent. */
  success(body: Buffer | string, sensitive: boolean): Answer
  refusal(refused: Refusal, requestId: string): Answer
}

const json = 'application/x-amz-json-1.1'

export function renderer({ protocol }: Pick<Service<unknown, unknown, unknown>, 'protocol'>): Renderer {
  if (protocol.kind === 'aws-json') {
    return {
      success: (body, sensitive) => success(json, body, sensitive),
      refusal: (refused) => jsonRefusal(refused),
    }
  }
  return {
    success: (body, sensitive) => success('text/xml', body, sensitive),
    refusal: (refused, requestId) => {
      const row = errorRow(refused.code)
      return {
        status: row.queryStatus ?? row.status,
        contentType: 'text/xml',
        body: encodeQueryError(refused, protocol.namespace, requestId),
        errorCode: refused.code,
        sensitive: false,
      }
    },
  }
}

function success(contentType: string, body: Buffer | string, sensitive: boolean): Answer {
  if (typeof body !== 'string') return { status: 200, contentType, body, errorCode: undefined, sensitive }
  if (sensitive) throw new TypeError('a body that holds plaintext is text, which nobody can overwrite')
  return { status: 200, contentType, body, errorCode: undefined, sensitive }
}

/** A refusal in AWS JSON: also for requests of which no service is known. */
export function jsonRefusal(refused: Refusal): Answer {
  return {
    status: errorRow(refused.code).status,
    contentType: json,
    body: encodeError(refused),
    errorCode: refused.code,
    sensitive: false,
  }
}
