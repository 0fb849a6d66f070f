/* Custody, acknowledgement, expiry, restart and reconciliation of ONE message, for spin. `make model` checks it.
 *
 *     S --- P --- B     a sender, two custodians, a recipient; S and B meet only the custodians, who know each other
 *      \    |    /
 *       `-- Q --'
 *
 * The network is a set of packets in flight (so it reorders); it may drop LOSS of them and deliver DUPS of them twice.
 * CRASHES times a node stops, loses what it had not committed and what was on its links, and comes back. B is away at
 * first. FORGERIES forged acknowledgements and refusals reach anybody. A node turns at once and commits later (the fsync);
 * what a turn sends waits for the commit: pend -> net. Offers go out while the peer is not known to hold the message, and
 * (REFRESH, the hourly re-offer) to known holders that are not live any more; to live ones it would change nothing.
 *
 * Without CLOCK the message does not expire, and every execution ends where nothing useful is left to send: there I2 and
 * I6 are asserted. With CLOCK, local clocks run from 0 (before expiry) over 1 (expired) to 2 (two hours later, deleted),
 * never more than one apart, and the others are asserted.
 *
 *   I1  a node that holds the id as acknowledged is not live for it again before expiry + 2 h       CUS-001
 *   I2  with nothing left to send, both custodians are in the same state                            80-sync
 *   I3  no acknowledged state unless B opened it or S withdrew it; none refused unless B refused     ACK-004, ACK-006
 *   I4  B's acknowledgement leaves only after the plaintext is durable                               ACK-021
 *   I5  Stored leaves only after the message is durable                                              CUS-004
 *   I6  with nothing left to send: shown exactly once (or refused), S knows, no copy is left         CUS-022, ACK-022
 *
 * Mutants, each refuted (run): 1 no tombstone; 2 reconciliation compares ids without states; 3 acknowledgements are not
 * checked; 4 B acknowledges before the commit; 5 Stored before the commit; 6 what B has seen is kept in memory only;
 * 7 what was sent once is not sent again; 8 refusals are not checked.
 */
#ifndef MUTANT
#define MUTANT 0
#endif
#ifndef LOSS
#define LOSS 1
#endif
#ifndef DUPS
#define DUPS 1
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef FORGERIES
#define FORGERIES 1
#endif
#ifndef WITHDRAWALS
#define WITHDRAWALS 1
#endif
#ifndef CLOCK
#define CLOCK 0
#endif
#ifndef REFRESH
#define REFRESH 1
#endif

#define S 0
#define P 1
#define Q 2
#define B 3
#define N 4

/* states, merged by maximum */
#define ABSENT  0
#define LIVE    1
#define REFUSED 2
#define ACKED   3

/* packets, one bit each */
#define MESSAGE 1  /* an Offer, its Want and the Message in one: Want only saves bodies */
#define STORED  2
#define ACK     4
#define REFUSAL 8

byte net[16];         /* in flight from a to b: net[a * N + b] */
byte pend[16];        /* leaves with the next commit of a */
byte vol[4], dur[4];  /* state as the node sees it; on its disk */
byte xv[4], xd[4];    /* who exchanged the message with it, a bit each */
byte hv[4], hd[4];    /* who is known to hold it */
byte phase[4];        /* local clock */
bool up[4];
bool seen_v, seen_d;  /* B knows (sender, uid) and has the plaintext */
bool fresh;           /* to be shown at B's next commit */
byte shown;
bool bad;             /* the message opens and is not valid: B refuses it */
bool refused, withdrawn;
byte ever;            /* ghost: who has durably held the acknowledgement */
byte loss = LOSS, dups = DUPS, crashes = CRASHES, forgeries = FORGERIES, withdrawals = WITHDRAWALS;

#define bit(n) (1 << (n))
#define edge(a, b) net[(a) * N + (b)]
#define later(a, b, kind) pend[(a) * N + (b)] = pend[(a) * N + (b)] | kind
#define sooner(a, b, kind) net[(a) * N + (b)] = net[(a) * N + (b)] | kind
#define exchanged(n, with) xv[n] = xv[n] | bit(with)
#define holds(with, n) hv[n] = hv[n] | bit(with)
#define expired(n) (phase[n] > 0)

/* n learns a final record: the copy becomes a tombstone, and all who exchanged the message are told. */
inline final(n, from, state, kind) {
  if
  :: vol[n] < state && phase[n] < 2 ->
     if
     :: MUTANT == 1 && (n == P || n == Q) -> vol[n] = ABSENT; ever = ever | bit(n)
     :: else -> vol[n] = state
     fi;
     if :: (xv[n] & bit(S)) && n != S && from != S -> later(n, S, kind) :: else fi;
     if :: (xv[n] & bit(P)) && n != P && from != P -> later(n, P, kind) :: else fi;
     if :: (xv[n] & bit(Q)) && n != Q && from != Q -> later(n, Q, kind) :: else fi;
     if :: (xv[n] & bit(B)) && n != B && from != B -> later(n, B, kind) :: else fi;
     xv[n] = 0; hv[n] = 0
  :: else
  fi
}

inline answer_final(n, to) {
  if
  :: vol[n] == ACKED -> later(n, to, ACK)
  :: else -> later(n, to, REFUSAL)
  fi
}

inline opened(from) {
  exchanged(B, from);
  if
  :: bad -> refused = 1; final(B, N, REFUSED, REFUSAL)
  :: else ->
     if :: !seen_v -> seen_v = 1; fresh = 1 :: else fi;
     if :: MUTANT == 4 -> sooner(B, from, ACK) :: else fi;
     final(B, N, ACKED, ACK)
  fi
}

inline receive(from, to, kind, genuine) {
  if
  :: kind == MESSAGE && !expired(to) ->
     if
     :: vol[to] >= REFUSED -> answer_final(to, from)
     :: vol[to] < REFUSED && to == B -> opened(from)
     :: vol[to] < REFUSED && to != B ->
        vol[to] = LIVE; exchanged(to, from); holds(from, to);
        if :: MUTANT == 5 -> sooner(to, from, STORED) :: else -> later(to, from, STORED) fi
     fi
  :: kind == STORED && vol[to] == LIVE -> exchanged(to, from); holds(from, to)
  :: kind == ACK && (genuine || MUTANT == 3) -> final(to, from, ACKED, ACK)
  :: kind == REFUSAL && (genuine || MUTANT == 8) -> final(to, from, REFUSED, REFUSAL)
  :: else
  fi
}

inline depart(n, to) {
  net[n * N + to] = net[n * N + to] | pend[n * N + to];
  pend[n * N + to] = 0
}

inline commit(n) {
  depart(n, S); depart(n, P); depart(n, Q); depart(n, B);
  dur[n] = vol[n]; xd[n] = xv[n]; hd[n] = hv[n];
  if :: n == B -> seen_d = seen_v; shown = shown + fresh; fresh = 0 :: else fi;
  if :: dur[n] == ACKED -> ever = ever | bit(n) :: else fi
}

/* Where no crash can come any more, it makes no difference when the disk has it: at once. */
inline settled(n) {
  if :: crashes == 0 -> commit(n) :: else fi
}

#define waiting(n) (pend[(n) * N] || pend[(n) * N + 1] || pend[(n) * N + 2] || pend[(n) * N + 3])
#define uncommitted(n) (vol[n] != dur[n] || xv[n] != xd[n] || hv[n] != hd[n] || waiting(n) || ((n) == B && (fresh || seen_v != seen_d)))

inline forget(n, other) {
  pend[n * N + other] = 0; net[n * N + other] = 0; net[other * N + n] = 0
}

inline safe() {
  assert(!(ever & bit(P)) || vol[P] != LIVE || phase[P] == 2);                     /* I1 */
  assert(!(ever & bit(Q)) || vol[Q] != LIVE || phase[Q] == 2);
  assert(!(ever & bit(S)) || vol[S] != LIVE || phase[S] == 2);
  assert((vol[P] != ACKED && vol[Q] != ACKED && vol[S] != ACKED) || seen_v || withdrawn);  /* I3 */
  assert((vol[P] != REFUSED && vol[Q] != REFUSED && vol[S] != REFUSED) || refused);
  assert(!((edge(B, P) | edge(B, Q)) & ACK) || seen_d || withdrawn);               /* I4 */
  assert(MUTANT == 1 || !(edge(P, S) & STORED) || dur[P] != ABSENT || phase[P] == 2);             /* I5 */
  assert(MUTANT == 1 || !(edge(Q, S) & STORED) || dur[Q] != ABSENT || phase[Q] == 2);
  assert(shown <= 1)                                                               /* I6, its safe half */
}

/* --- what happens between a and b --- */
proctype link(byte a, b) {
  byte k;
end:
  do
  :: atomic { (edge(a, b) & MESSAGE) -> k = MESSAGE; goto arrives }
  :: atomic { (edge(a, b) & STORED) -> k = STORED; goto arrives }
  :: atomic { (edge(a, b) & ACK) -> k = ACK; goto arrives }
  :: atomic { (edge(a, b) & REFUSAL) -> k = REFUSAL; goto arrives;
arrives:
       if
       :: edge(a, b) = edge(a, b) & ~k; receive(a, b, k, 1)
       :: loss > 0 -> loss--; edge(a, b) = edge(a, b) & ~k
       :: dups > 0 -> dups--; receive(a, b, k, 1)
       fi;
       k = 0; settled(b); safe() }
  :: atomic {  /* a offers */
       (a != B && dur[a] == LIVE && vol[a] == LIVE && !expired(a) && up[a] && up[b] && !edge(a, b) && !edge(b, a) && !waiting(b) &&
        (!(hv[a] & bit(b)) || (REFRESH && vol[b] != LIVE)) && (MUTANT != 7 || !(xv[a] & bit(b)))) ->
       sooner(a, b, MESSAGE); exchanged(a, b); settled(a) }
  :: atomic {  /* custodians reconcile: what a holds higher than b goes over */
       ((a == P && b == Q || a == Q && b == P) && up[a] && up[b] && !expired(a) && !expired(b) && dur[a] > vol[b] &&
        (MUTANT != 2 || vol[b] == ABSENT) && !edge(a, b) && !edge(b, a) && !waiting(b)) ->
       if
       :: dur[a] == LIVE -> sooner(a, b, MESSAGE)
       :: dur[a] == REFUSED -> sooner(a, b, REFUSAL)
       :: dur[a] == ACKED -> sooner(a, b, ACK)
       fi }
  od
}

/* --- what a node does by itself --- */
proctype node(byte n) {
end:
  do
  :: atomic {  /* the disk has it: what waited for it leaves */
       crashes > 0 && up[n] && uncommitted(n) ->
       commit(n); safe() }
  :: atomic {
       up[n] && crashes > 0 ->
       crashes--; up[n] = 0;
       forget(n, S); forget(n, P); forget(n, Q); forget(n, B);
       vol[n] = dur[n]; xv[n] = xd[n]; hv[n] = hd[n];
       if
       :: n == B ->
          fresh = 0; seen_v = seen_d;
          if :: MUTANT == 6 -> seen_v = 0; seen_d = 0; vol[B] = ABSENT; dur[B] = ABSENT :: else fi
       :: else
       fi;
       if :: crashes == 0 -> commit(S); commit(P); commit(Q); commit(B) :: else fi }
  :: atomic { !up[n] -> up[n] = 1 }
  :: atomic { up[n] && forgeries > 0 -> forgeries--; receive(P, n, ACK, 0); settled(n); safe() }
  :: atomic { up[n] && forgeries > 0 -> forgeries--; receive(P, n, REFUSAL, 0); settled(n); safe() }
  :: atomic { n == S && up[n] && dur[S] == LIVE && withdrawals > 0 -> withdrawals--; withdrawn = 1; final(S, N, ACKED, ACK); settled(S) }
  :: atomic {
       CLOCK && phase[n] < 2 && phase[n] <= phase[S] && phase[n] <= phase[P] && phase[n] <= phase[Q] && phase[n] <= phase[B] ->
       phase[n]++;
       if :: phase[n] == 2 -> vol[n] = ABSENT; xv[n] = 0; hv[n] = 0; settled(n) :: else fi;
       safe() }
  od
}

init {
  atomic {
    if :: bad = 0 :: bad = 1 fi;
    vol[S] = LIVE; dur[S] = LIVE; up[S] = 1; up[P] = 1; up[Q] = 1;  /* B is away */
    run link(S, P); run link(P, S); run link(S, Q); run link(Q, S); run link(P, Q); run link(Q, P);
    run link(P, B); run link(B, P); run link(Q, B); run link(B, Q);
    run node(S); run node(P); run node(Q); run node(B)
  };
end:
  do
  :: atomic {
       !CLOCK && timeout ->  /* nothing useful is left to send */
       assert(vol[P] == vol[Q]);                                          /* I2 */
       if
       :: REFRESH && !withdrawn ->                                        /* I6 */
          assert(vol[P] != LIVE && vol[Q] != LIVE && vol[S] != LIVE);
          assert(vol[S] == (bad -> REFUSED : ACKED));
          assert(shown == (bad -> 0 : 1))
       :: else
       fi;
       break }
  :: CLOCK && timeout -> break
  od
}
