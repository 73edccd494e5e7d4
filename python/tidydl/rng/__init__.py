"""Random numbers, R's own.

Every draw comes from a stream that is named by a seed, and by which fit, resample or input the draw is for, never by
who computes it or when:

* A call with ``seed =`` has a stream of its own, in which each input of a pipeline has its place: batches, threads, the
  parts of a run and one that was broken off make no difference.
* All other calls share the session's stream, which :func:`set_seed` starts. A call takes what it draws for one thing
  (the weights of one fit, one sample, one seed for all inputs of a pipeline) in one piece, whatever other threads
  draw; ``repeats`` and ``tune_nnet()`` draw for all fits before the first begins. Which of two threads is first is up
  to them: a ``seed`` for each makes that no matter.
* A process that is made by fork starts a session's stream of its own, named by the state of its parent's and by its
  number among the forks of that: children draw otherwise than each other and their parent, and after ``set_seed()`` in
  the parent the first child always draws the same, and so does the second. A child of a library that forks without
  Python's knowing (such as R's ``parallel``), or one that begins anew (spawn), starts anywhere. ``set_seed()`` in
  the child, or ``seed =``, gives what it gives anywhere else.

In R the session's stream is R's own, for which ``set.seed()`` and, in other processes, ``RNGkind("L'Ecuyer-CMRG")``
hold as for all of R; Python is given numbers that R drew.
"""

from tidydl.rng.generator import RandomNumbers
from tidydl.rng.session import current, runif, sample, set_seed, stream_from

__all__ = ["RandomNumbers", "current", "runif", "sample", "set_seed", "stream_from"]
