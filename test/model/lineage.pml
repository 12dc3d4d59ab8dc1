/*
 * Lineages: a session that another login has replaced, or that was logged out, never comes back, whoever writes late.
 *
 * One entry of a store, as in refresh.pml, whose steps 1 to 6 are those of the refresher here. Lineages are numbered as they begin, one with each
 * login and one with each logout, which has no tokens. The store holds the newest one, or nothing.
 *
 * Two processes have a memory each, and tasks that share it: one refreshes, one is a user who logs in or out, one only looks (LOOKER). The second
 * process knows nothing at first, or an old generation (REFRESHER2, USER2). At any step an operator deletes the entry of the first session, once (DELETE). A task is as
 * slow as it likes, and so are the replies to it; one that takes no further step was dropped, or its process has died.
 *
 * `raced` stands for the version of the entry: whether anybody has written since the task looked. No version is given twice, not after a deletion.
 * `moved` stands for the number of changes that a process has heard of: whether there was one since the task's read or write began.
 *
 * Mutants, which have to fail: HELD (what is held in memory replaces whatever has an older generation), LATE_RESULT (so does a token set that comes
 * late), SAME_GENERATION (a token set that comes late leaves an older generation of its own lineage), LATE_NOTE (the note of a failure is written
 * whatever stands there), LATE_LOGOUT (a logout ends whatever stands there when it is written), LOGOUT_BY_MEMORY (a logout ends what its process
 * holds, and leaves another lineage alone), LOGOUT_OF_NOTHING (a logout that found nothing leaves alone what it finds later), MEMORY_BY_GENERATION
 * (memory takes what has no older generation), LATE_READ (memory takes what a read brings, however late). DELETE_ANY is none of them: the operator
 * deletes what has replaced another lineage, too, and nothing stops what comes late after that.
 */
#ifndef CALLS
#define CALLS 2 /* logins and logouts */
#endif

byte lineage = 1;         /* in the store: 0 if there is no entry */
byte generation = 3;
bool tokens = true;       /* a logout has none */
bool intent = false;      /* somebody's stands: all others wait until the entry changes */
byte newest = 1;          /* the last lineage that began: those before it are over */
byte accepts[CALLS + 2];  /* the generation of each lineage whose refresh token the server accepts */
byte calls = 0;
bool deleted = false;

byte heldLineage[3];      /* in the memory of each process: 0 if it holds nothing */
byte heldGeneration[3];
bool heldTokens[3];
bool believed[3];         /* what is held is used without a look into the store */
byte known[3];            /* the newest lineage that a process has used, or has written itself */
bool raced[7];            /* of each task: those of a process are next to each other */
bool moved[7];

/* The entry changes. What is over never stands there again. */
inline write(itsLineage, itsGeneration, hasTokens, hasIntent) {
  lineage = itsLineage; generation = itsGeneration; tokens = hasTokens; intent = hasIntent;
  raced[1] = true; raced[2] = true; raced[3] = true; raced[4] = true; raced[5] = true; raced[6] = true;
  raced[task] = false;
  assert(lineage == newest)
}

inline look() {
  raced[task] = false; moved[task] = false;
  seenLineage = lineage; seenGeneration = generation; seenTokens = tokens
}

/* The process hears of a change: the replies to what its tasks have begun are not the newest that there is. */
inline hear() {
  moved[3 * me - 2] = true; moved[3 * me - 1] = true; moved[3 * me] = true
}

inline hold(itsLineage, itsGeneration, hasTokens) {
  heldLineage[me] = itsLineage; heldGeneration[me] = itsGeneration; heldTokens[me] = hasTokens
}

/* The reply to a read or a write: memory takes a newer generation of its own lineage; another lineage, if nothing was heard since the task began. */
inline take(itsLineage, itsGeneration, hasTokens) {
  if
#ifdef MEMORY_BY_GENERATION
  :: itsGeneration >= heldGeneration[me] -> hold(itsLineage, itsGeneration, hasTokens); believed[me] = true
  :: itsGeneration < heldGeneration[me] -> skip
#else
  /* What is held stays when the store has nothing, or an older generation of its lineage. */
  :: itsLineage == 0 || itsLineage == heldLineage[me] ->
     if
     :: itsLineage != 0 && itsGeneration > heldGeneration[me] -> hold(itsLineage, itsGeneration, hasTokens)
     :: else -> skip
     fi;
     believed[me] = believed[me] || !moved[task]
  :: itsLineage != 0 && itsLineage != heldLineage[me] ->
     if
#ifndef LATE_READ
     :: moved[task] -> believed[me] = false /* Nobody knows which of the two is newer: the next use looks. */
#endif
     :: else -> hold(itsLineage, itsGeneration, hasTokens); believed[me] = true
     fi;
     hear()
#endif
  fi;
  /* What is used without a look is never older than what this process has used or written before. */
  assert(!believed[me] || heldLineage[me] >= known[me]);
  if
  :: believed[me] -> known[me] = heldLineage[me]
  :: else -> skip
  fi
}

/* What is not used again would only make more states. */
inline done() {
  raced[task] = true; moved[task] = true; seenLineage = 0; seenGeneration = 0; seenTokens = false
}

proctype Refresher(byte me, task) {
  byte seenLineage, seenGeneration;
  byte itsLineage, itsGeneration; /* of the record that it goes by: what it has read, or what its process holds */
  bool seenTokens, itsTokens, got;

  /* 1: read the record. */
read:
  atomic { !intent -> look() };
  atomic {
    if
    :: seenLineage == 0 -> itsLineage = heldLineage[me]; itsGeneration = heldGeneration[me]; itsTokens = heldTokens[me]
#ifdef HELD
    :: seenLineage != 0 && seenGeneration < heldGeneration[me] ->
#else
    :: seenLineage == heldLineage[me] && seenGeneration < heldGeneration[me] ->
#endif
       itsLineage = heldLineage[me]; itsGeneration = heldGeneration[me]; itsTokens = heldTokens[me]
    :: else -> itsLineage = seenLineage; itsGeneration = seenGeneration; itsTokens = seenTokens
    fi;
    take(seenLineage, seenGeneration, seenTokens);
    if
    :: itsLineage == 0 || !itsTokens -> goto over
    :: else -> seenLineage = 0; seenGeneration = 0; seenTokens = false
    fi
  };

  /* 4: the intent, over exactly what was read. */
  if
  :: atomic { raced[task] -> goto read }
  :: atomic { !raced[task] -> write(itsLineage, itsGeneration, true, true) }
  fi;

  /* 5: the token request. After a deletion somebody may send what an older memory holds. Nothing but that uses a refresh token up twice. */
  atomic {
    if
    :: itsGeneration == accepts[itsLineage] -> accepts[itsLineage]++; got = true
    :: itsGeneration == accepts[itsLineage] -> got = false /* It was not sent, or was refused. */
    :: itsGeneration != accepts[itsLineage] -> assert(deleted && itsLineage == 1); got = false
    fi
  };

  /* 6: the note of a failure, over its own intent only; or the token set, until the store has it, over what is not newer. */
  if
  :: atomic {
       !got ->
#ifndef LATE_NOTE
       if
       :: raced[task] -> skip
       :: else ->
#endif
       write(itsLineage, itsGeneration, true, false)
#ifndef LATE_NOTE
       fi
#endif
     }
  /* The store is away for so long that the token set is used before it is stored. */
  :: atomic { got -> take(itsLineage, itsGeneration + 1, true) }; goto store
  :: got ->
store:
     atomic {
       if
#ifdef LATE_RESULT
       :: generation <= itsGeneration || lineage == 0 ->
#else
#ifdef SAME_GENERATION
       :: lineage == 0 || (lineage == itsLineage && generation == itsGeneration) ->
#else
       :: lineage == 0 || (lineage == itsLineage && generation <= itsGeneration) ->
#endif
#endif
          write(itsLineage, itsGeneration + 1, true, false);
          seenLineage = itsLineage; seenGeneration = itsGeneration + 1; seenTokens = true
       :: else ->
          /* No refresh token of a session that is not over is dropped. */
          assert(itsLineage < newest);
          look()
       fi
     };
     atomic { take(seenLineage, seenGeneration, seenTokens) }
  fi;
over:
  atomic { done(); itsLineage = 0; itsGeneration = 0; itsTokens = false; got = false }
}

/* A login or a logout. A logout looks at the store first, and then gives way only to a lineage that has begun since that look. */
proctype User(byte me, task) {
  byte seenLineage, seenGeneration, first, before, atFirst;
  bool seenTokens, login;

call:
  if
  :: atomic { calls < CALLS -> calls++; before = newest; login = true }
  :: atomic { calls < CALLS -> calls++; before = newest; login = false }
  :: calls == CALLS -> goto over
  fi;
  atomic {
    look();
    atFirst = newest;
#ifdef LOGOUT_BY_MEMORY
    first = heldLineage[me]
#else
    first = (seenLineage == 0 -> heldLineage[me] : seenLineage)
#endif
  };
again:
  if
  :: atomic {
       raced[task] -> look();
       goto again
     }
  :: atomic {
       !raced[task] ->
       if
#ifndef LATE_LOGOUT
#ifdef LOGOUT_OF_NOTHING
       :: !login && seenLineage != 0 && first != seenLineage -> goto replaced
#else
       :: !login && seenLineage != 0 && first != 0 && first != seenLineage -> goto replaced
#endif
#endif
       :: else ->
          /* A logout ends no login that began after it had looked. */
          assert(login || first == 0 || lineage <= atFirst || !tokens);
          newest++;
          /* A process that finds nothing counts on from what it holds. */
          if
          :: seenLineage == 0 -> seenGeneration = heldGeneration[me]
          :: else -> skip
          fi;
          seenLineage = newest; seenGeneration++; seenTokens = login;
          accepts[newest] = seenGeneration;
          write(seenLineage, seenGeneration, login, false)
       fi
     }
  fi;
replaced:
  atomic {
    take(seenLineage, seenGeneration, seenTokens);
    /* Whatever session there was when it was called is over, and this process does not use it. */
    assert(newest > before);
    if
    :: known[me] < seenLineage -> known[me] = seenLineage
    :: else -> skip
    fi;
    done(); first = 0; before = 0; atFirst = 0; login = false;
    goto call
  };
over:
  skip
}

/* Somebody has to know what is stored: the first use, one after a watcher's hint, `reread()`. */
proctype Looker(byte me, task) {
  byte seenLineage, seenGeneration;
  bool seenTokens;

  if
  :: atomic { true -> believed[me] = false; hear(); look() } /* A watcher has told it that the entry has changed. */
  :: atomic { true -> look() }
  fi;
  atomic { take(seenLineage, seenGeneration, seenTokens); done() }
}

#if defined(DELETE) || defined(DELETE_ANY)
active proctype Operator() {
  byte task = 0;
  end: atomic {
#ifdef DELETE_ANY
    lineage != 0 ->
#else
    lineage == 1 && newest == 1 ->
#endif
    deleted = true;
    lineage = 0; generation = 0; tokens = false; intent = false;
    raced[1] = true; raced[2] = true; raced[3] = true; raced[4] = true; raced[5] = true; raced[6] = true
  }
}
#endif

init {
  atomic {
    accepts[1] = generation;
    heldLineage[1] = 1; heldGeneration[1] = generation; heldTokens[1] = true; believed[1] = true; known[1] = 1;
#if defined(REFRESHER2) || defined(USER2)
    if
    :: heldLineage[2] = 1; heldGeneration[2] = 1; heldTokens[2] = true
    :: skip
    fi;
#endif
    run Refresher(1, 1);
    run User(1, 2);
#ifdef LOOKER
    run Looker(1, 3);
#endif
#ifdef REFRESHER2
    run Refresher(2, 4);
#endif
#ifdef USER2
    run User(2, 5)
#endif
  }
}
