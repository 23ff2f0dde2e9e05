// Checks the custom resources of a rendered chart against the models of KEDA and the Prometheus operator:
//   node custom-resources.mjs NODE_MODULES RENDERED
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, rendered] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(resolve(modules), path)));
const { parseAllDocuments } = await load("yaml/dist/index.js");
const models = {
  "keda.sh/v1alpha1": await load("@kubernetes-models/keda/keda.sh/v1alpha1/index.js"),
  "monitoring.coreos.com/v1": await load("@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/index.js"),
};
const builtIn = ["v1", "apps/v1", "batch/v1", "policy/v1", "networking.k8s.io/v1"];
let checked = 0;
for (const document of parseAllDocuments(readFileSync(rendered, "utf8"))) {
  const resource = document.toJS();
  if (!resource || builtIn.includes(resource.apiVersion)) continue;
  const Model = models[resource.apiVersion]?.[resource.kind];
  if (!Model) throw new Error(`no model of ${resource.apiVersion} ${resource.kind}`);
  new Model(resource).validate();
  checked += 1;
}
console.log(`${checked} custom resources are as their definitions have them`);
