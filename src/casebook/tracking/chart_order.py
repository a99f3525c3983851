"""MLflow's own UI, opened on its page for model training with the curves first: `mlflow ui --app-name casebook`.

MLflow 3.17 sorts chart groups by name, which puts `baseline` before `train`, and shows no score in its table of runs.
What a user drags and chooses there is kept by the browser alone. No tag reaches it, so a script in the page hands that
state out where the browser has none.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlflow.server import app as flask_app
from mlflow.server.fastapi_app import create_fastapi_app

from casebook.evaluation.metrics import MAIN_METRIC

if TYPE_CHECKING:
    from flask import Response

# A finished run shows the groups that it has; one that goes on shall not open with what happens to be there first.
SCRIPT = r"""<script>
(() => {
  const first = ["train", "val", "test"];
  // One number a run each: below the others, and folded.
  const constants = [
    "default", "baseline", "reference", "best_reachable", "fit", "evaluation", "promotion", "data", "seconds",
    "seconds/background",
  ];
  const read = Storage.prototype.getItem;
  const ask = (method, path, body) => {
    const request = new XMLHttpRequest();
    request.open(method, `ajax-api/2.0/mlflow/${path}`, false);
    request.setRequestHeader("Content-Type", "application/json");
    request.send(body && JSON.stringify(body));
    return JSON.parse(request.responseText);
  };
  const groupsOf = (id) => {
    const { info, data } = ask("GET", `runs/get?run_id=${id}`).run;
    const names = (data.metrics || []).map(({ key }) => key.split("/").slice(0, -1).join("/"));
    const found = new Set(names.filter((name) => name && name !== "system"));
    const leading = first.filter((name) => found.delete(name) || info.status === "RUNNING");
    const last = constants.filter((name) => found.delete(name));
    return [...leading, ...[...found].sort(), ...last];
  };
  const headline = HEADLINE;
  // What a task's runs are judged by, on the rows held out, beside what stands for nothing and for trees.
  const findLatest = (experiment, filter) => {
    const { runs = [] } = ask("POST", "runs/search", { experiment_ids: [experiment], filter, max_results: 1 });
    return runs[0];
  };
  const columnsOf = (experiment) => {
    const run = findLatest(experiment, "tags.`model.version` != ''");
    if (!run) return null;
    const { metrics = [], params = [] } = run.data;
    const names = metrics.map(({ key }) => key);
    // Neither shares of rows that training has seen, nor what belongs to a score: its interval, its deviation.
    const isScore = (name) => /^test\/(?!seen_)/.test(name) && !/_(mean|std|variance|low|high|at_[\d.]+)$/.test(name);
    const scores = names.filter(isScore).map((name) => name.slice(5)).sort();
    const task = params.find(({ key }) => /^\w+\.task$/.test(key));
    const main = scores.find((name) => task && name === headline[task.value]) || scores[0];
    const shown = [`test/${main}`, `baseline/${main}`, `reference/${main}`, `val/${main}`];
    const others = scores.filter((name) => name !== main).map((name) => `test/${name}`);
    const taken = [...shown.filter((name) => names.includes(name)), ...others.slice(0, 2)];
    // What trials are judged by, so that they can be sorted.
    const study = findLatest(experiment, "tags.`best.trial` != ''") || { data: {} };
    const best = (study.data.metrics || []).filter(({ key }) => key.startsWith("best/")).map(({ key }) => key.slice(5));
    return [...new Set([...taken, ...best])].map((name) => `metrics.\`${name}\``).concat("tags.`data.origin`");
  };
  const sections = (names) => ({
    compareRunCharts: [],
    compareRunSections: names.map((name) => (
      {
        uuid: `casebook-${name}`, name, display: !constants.includes(name),
        isReordered: false, deleted: false, isGenerated: true,
      }
    )),
    isAccordionReordered: true,
    autoRefreshEnabled: true,
    globalLineChartConfig: { xAxisKey: "step", lineSmoothness: 0, selectedXAxisMetricKey: "" },
  });
  // The half of the UI that is for models, without the panel on language models open beside it.
  const chosen = {
    "mlflow.workflowType_v1": "machine_learning",
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": true,
  };
  const stateOf = (key) => {
    if (key in chosen) return chosen[key];
    const run = /-RunPage-([0-9a-f]{32})-model-chartUIState$/.exec(key);
    if (run) return sections(groupsOf(run[1]));
    const experiment = /-ExperimentPage-\["(\d+)"\]-ReactComponentState$/.exec(key);
    if (!experiment) return null;
    const selectedColumns = columnsOf(experiment[1]);
    return { ...sections([...first, ...constants]), ...(selectedColumns && { selectedColumns }) };
  };
  Storage.prototype.getItem = function (key) {
    const kept = read.call(this, key);
    try {
      const state = kept === null && stateOf(key);
      return state ? JSON.stringify(state) : kept;
    } catch {
      return kept;
    }
  };
})();
</script>""".replace("HEADLINE", json.dumps(MAIN_METRIC))


@flask_app.after_request
def insert_script(response: Response) -> Response:
    """Insert the script into the one page of the UI, before any of MLflow's own."""
    if response.mimetype == "text/html" and response.status_code == 200:
        response.direct_passthrough = False
        page = response.get_data(as_text=True)
        if '<div id="root"' in page:
            response.set_data(page.replace("<head>", f"<head>{SCRIPT}", 1))
            # Else a browser goes on with the page that it knows from another MLflow.
            response.headers.pop("ETag", None)
            response.headers["Cache-Control"] = "no-store"
    return response


app = create_fastapi_app(flask_app)
