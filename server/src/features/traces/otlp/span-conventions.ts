/**
 * Where instrumentations put what Weave has a place for; the first that is not empty counts (weave.md §3). Names come
 * from the conventions of OpenTelemetry, OpenInference, Traceloop, Vercel, MLflow, Logfire, OpenLit, Vertex and Langfuse.
 */
export const INPUT_KEYS = [
  'ai.prompt',
  'gen_ai.prompt',
  'input.value',
  'mlflow.spanInputs',
  'gen_ai.input.messages',
  'pydantic_ai.all_messages',
  'traceloop.entity.input',
  'gcp.vertex.agent.tool_call_args',
  'gcp.vertex.agent.llm_request',
  'input',
  'inputs',
]

export const OUTPUT_KEYS = [
  'ai.response',
  'gen_ai.completion',
  'output.value',
  'gen_ai.output.messages',
  'mlflow.spanOutputs',
  'final_result',
  'gen_ai.content.completion',
  'traceloop.entity.output',
  'gcp.vertex.agent.tool_response',
  'gcp.vertex.agent.llm_response',
  'output',
  'outputs',
]

export const USAGE_KEYS = {
  input_tokens: ['gen_ai.usage.input_tokens'],
  prompt_tokens: ['gen_ai.usage.prompt_tokens', 'llm.token_count.prompt', 'ai.usage.promptTokens'],
  completion_tokens: ['gen_ai.usage.completion_tokens', 'llm.token_count.completion', 'ai.usage.completionTokens'],
  output_tokens: ['gen_ai.usage.output_tokens'],
  total_tokens: ['llm.usage.total_tokens', 'llm.token_count.total'],
}

export const ATTRIBUTE_KEYS = {
  system: ['gen_ai.system', 'llm.system', 'gen_ai.system_instructions'],
  kind: ['weave.span.kind', 'traceloop.span.kind', 'openinference.span.kind'],
  model: ['gen_ai.response.model', 'gen_ai.request.model', 'llm.model_name', 'ai.model.id'],
  provider: ['llm.provider', 'ai.model.provider'],
  model_parameters: ['gen_ai.request', 'llm.invocation_parameters'],
}

export const WANDB_KEYS = {
  display_name: ['wandb.display_name'],
  thread_id: ['wandb.thread_id', 'gcp.vertex.agent.session_id'],
  is_turn: ['wandb.is_turn', 'gcp.vertex.agent.session_id'],
  attributes: ['wandb.attributes'],
  wb_run_id: ['wandb.wb_run_id'],
  wb_run_step: ['wandb.wb_run_step'],
  wb_run_step_end: ['wandb.wb_run_step_end'],
}

/** Times that count more than the span's own. */
export const TIME_KEYS = { start: 'langfuse.startTime', end: 'langfuse.endTime' }
