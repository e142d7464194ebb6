#!/usr/bin/env bash
# An array of eight shards and a merge that waits for all of them. Run it in the folder with scenarios/ and overstep.toml,
# on a file system that all nodes see:
#
#     bash slurm.sh mine
#
# overstep.toml starts a server for each shard. A task that is killed is queued again and goes on with what its blob has.
set -euo pipefail
scenario="${1:?name a scenario}"
shards="${OVERSTEP_SHARDS:-8}"

# Findings are reported by the merge.
array=$(sbatch --parsable --requeue --job-name=overstep --array="1-$shards" --output=overstep-%a.log \
  --wrap="overstep check '$scenario' --shard auto --no-progress --resume blobs || [ \$? -eq 1 ]")
sbatch --dependency="afterok:${array%%;*}" --job-name=overstep-merge --output=overstep-merge.log \
  --wrap="overstep merge blobs --update no --report html=report.html --report junit=junit.xml"
