"""Fine-tuning of large describers by ms-swift: recipes, command, checks, running, serving.

ms-swift lives in an environment of its own: its pins contradict ours, so that it is never imported
here, only started.
"""
