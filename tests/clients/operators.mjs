// Reads manifests as JSON from standard input, and says what the published schemas of KEDA and of the Prometheus
// operator find wrong in them, one line each. Those schemas pass over fields that they do not know: whether a name is
// one of theirs is looked up in the interfaces that come with them.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const packages = { "keda.sh": "keda", "monitoring.coreos.com": "prometheus-operator" };
const free = new Set(["metadata", "params", "selector", "behavior"]); // whose keys are anybody's, or Kubernetes' own

function namesIn(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".d.ts"));
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8"));
  return new Set(texts.flatMap((text) => [...text.matchAll(/"(\w+)"\??:/g)].map(([, name]) => name)));
}

function unknown(value, names) {
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) return value.flatMap((each) => unknown(each, names));
  return Object.entries(value).flatMap(([key, below]) => [
    ...(names.has(key) ? [] : [key]),
    ...(free.has(key) ? [] : unknown(below, names)),
  ]);
}

for (const manifest of JSON.parse(readFileSync(0, "utf8"))) {
  const say = (text) => console.log(`${manifest.kind} ${manifest.metadata.name}: ${text}`);
  const name = `@kubernetes-models/${packages[manifest.apiVersion.split("/")[0]]}`;
  const kinds = await import(`${name}/${manifest.apiVersion}`);
  try {
    new kinds[manifest.kind](manifest).validate();
  } catch (error) {
    say(error.message);
  }
  const names = namesIn(dirname(fileURLToPath(import.meta.resolve(name))));
  for (const key of unknown(manifest.spec, names)) say(`unknown field ${key}`);
}
