# Completion of churn's commands, options, pools and backends for bash. The words come from churn itself, so they cannot be out of date.
# Installed by `make install`; to try it: . scripts/completion.bash

_churn() {
  local churn=$1 word=$2 previous=$3 command=${COMP_WORDS[1]} words
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=$("$churn" help | awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')
  else
    case $previous in
      --pool | --control | --as) words=$("$churn" list pools | awk '{ print $1 }') ;;
      --under) words=$("$churn" list backends | awk '{ print $1 }') ;;
      help) words=$("$churn" help | awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }') ;;
      list) words="pools scenarios probes reports backends metrics" ;;
      *) case $word in -*) words=$("$churn" help "$command" | grep -oE '^  (-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+') ;; esac ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "${words:-}" -- "$word")
} 2>/dev/null

complete -o default -F _churn churn
