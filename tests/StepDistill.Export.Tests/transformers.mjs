// Runs an exported student in transformers.js, unchanged, on one thread:
//   node transformers.mjs MODULES FOLDER DTYPE MIN_NEW_TOKENS MAX_NEW_TOKENS < inputs.json > answers.json
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readFileSync } from 'node:fs';

const [modules, folder, dtype, least, most] = process.argv.slice(2);
const entry = createRequire(join(modules, 'none.js')).resolve('@huggingface/transformers');
const { AutoTokenizer, AutoModelForSeq2SeqLM, env } = await import(pathToFileURL(entry));
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);

const name = basename(folder);
const tokenizer = await AutoTokenizer.from_pretrained(name);
const session_options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
const model = await AutoModelForSeq2SeqLM.from_pretrained(name, { dtype, device: 'cpu', session_options });
const answers = [];
for (const text of JSON.parse(readFileSync(0, 'utf8'))) {
  const start = performance.now();
  const inputs = tokenizer(text);
  const output = await model.generate({
    ...inputs, min_new_tokens: Number(least), max_new_tokens: Number(most), do_sample: false,
  });
  const milliseconds = performance.now() - start;
  answers.push({ input: inputs.input_ids.tolist()[0].map(Number), output: output.tolist()[0].map(Number), milliseconds });
}
process.stdout.write(JSON.stringify(answers));
