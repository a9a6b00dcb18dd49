/* Stands in for libnccl and libcuda in NcclCollectiveTest: ranks are threads, device addresses are host addresses,
   work is done at once, and every call is logged. */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANKS 8

typedef struct { char internal[128]; } ncclUniqueId;

typedef struct {
  size_t size;
  unsigned int magic;
  unsigned int version;
  int blocking;
} Config;

typedef struct {
  int rank;
  int size;
  int queries; /* that answer "in progress" */
} Comm;

typedef struct {
  int receives;
  char* address;
  size_t count;
  int peer;
  Comm* comm;
} Pending;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int arrived;
static long phase;
static const char* published[RANKS][RANKS];

/* Live communicators and events: a call with another address is an error of the caller. */
static void* live[4 * RANKS];

static char log_text[1 << 16];
static char failing[64];
static int fail_code, async_code, stuck, event_code;
static int version_code = 21400;

static __thread Pending pending[2 * RANKS];
static __thread int pending_count;

void stub_reset(void) {
  log_text[0] = failing[0] = 0;
  arrived = async_code = stuck = event_code = 0;
  version_code = 21400;
}
void stub_fail(const char* function, int code) { strncpy(failing, function, 63); fail_code = code; }
void stub_async(int code) { async_code = code; }
void stub_stuck(int value) { stuck = value; }
void stub_event(int code) { event_code = code; }
void stub_version(int code) { version_code = code; }
const char* stub_log(void) { return log_text; }

static void note(const char* format, ...) {
  pthread_mutex_lock(&lock);
  va_list arguments;
  va_start(arguments, format);
  size_t used = strlen(log_text);
  vsnprintf(log_text + used, sizeof log_text - used, format, arguments);
  va_end(arguments);
  pthread_mutex_unlock(&lock);
}

static void* make(size_t size) {
  void* made = calloc(1, size);
  pthread_mutex_lock(&lock);
  int i = 0;
  while (live[i] != NULL) i++;
  live[i] = made;
  pthread_mutex_unlock(&lock);
  return made;
}

static void end(void* made, const char* what) {
  int known = 0;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < 4 * RANKS && made != NULL; i++) {
    if (live[i] != made) continue;
    live[i] = NULL;
    known = 1;
  }
  pthread_mutex_unlock(&lock);
  if (known) free(made); else note("%s of an unknown address\n", what);
}

static void meet(int size) {
  pthread_mutex_lock(&lock);
  long current = phase;
  if (++arrived == size) {
    arrived = 0;
    phase++;
    pthread_cond_broadcast(&changed);
  }
  while (phase == current) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
}

#define MAY_FAIL if (strcmp(failing, __func__) == 0) return fail_code

int ncclGetVersion(int* version) { *version = version_code; return 0; }

int ncclGetUniqueId(ncclUniqueId* id) {
  MAY_FAIL;
  for (int i = 0; i < 128; i++) id->internal[i] = (char)(7 * i + 3);
  return 0;
}

const char* ncclGetErrorString(int code) { return code == 6 ? "remote process exited" : "stub error"; }
const char* ncclGetLastError(void* comm) { return "last error of the stub"; }

int ncclCommInitRankConfig(Comm** comm, int size, ncclUniqueId id, int rank, Config* config) {
  MAY_FAIL;
  for (int i = 0; i < 128; i++) if (id.internal[i] != (char)(7 * i + 3)) return 4;
  if (config->size != 24 || config->magic != 0xcafebeefu || config->version != 21400 || config->blocking != 0) return 5;
  *comm = make(sizeof(Comm));
  (*comm)->rank = rank;
  (*comm)->size = size;
  (*comm)->queries = 3;
  note("init rank %d of %d\n", rank, size);
  return 7;
}

int ncclCommGetAsyncError(Comm* comm, int* code) {
  MAY_FAIL;
  *code = async_code ? async_code : stuck || comm->queries > 0 ? 7 : 0;
  if (comm->queries > 0) comm->queries--;
  return 0;
}

int ncclCommFinalize(Comm* comm) { MAY_FAIL; note("finalize\n"); comm->queries = 1; return 7; }
int ncclCommDestroy(Comm* comm) { note("destroy\n"); end(comm, "destroy"); MAY_FAIL; return 0; }
int ncclCommAbort(Comm* comm) { note("abort\n"); end(comm, "abort"); return 0; }

int ncclGroupStart(void) { MAY_FAIL; pending_count = 0; note("start\n"); return 0; }

static int add(int receives, void* address, size_t count, int peer, Comm* comm) {
  pending[pending_count++] = (Pending){receives, address, count, peer, comm};
  return 7;
}

int ncclSend(void* address, size_t count, int type, int peer, Comm* comm, long stream) {
  MAY_FAIL;
  note("send %ld count %zu type %d to %d on %ld\n", (long)address, count, type, peer, stream);
  return add(0, address, count, peer, comm);
}

int ncclRecv(void* address, size_t count, int type, int peer, Comm* comm, long stream) {
  MAY_FAIL;
  note("receive %ld count %zu type %d from %d on %ld\n", (long)address, count, type, peer, stream);
  return add(1, address, count, peer, comm);
}

int ncclGroupEnd(void) {
  note("end\n");
  MAY_FAIL;
  if (pending_count == 0) return 0;
  Comm* comm = pending[0].comm;
  for (int i = 0; i < pending_count; i++)
    if (!pending[i].receives) published[comm->rank][pending[i].peer] = pending[i].address;
  meet(comm->size);
  for (int i = 0; i < pending_count; i++)
    if (pending[i].receives) memmove(pending[i].address, published[pending[i].peer][comm->rank], pending[i].count);
  meet(comm->size);
  comm->queries = 2;
  return 7;
}

int ncclAllGather(const char* send, char* receive, size_t count, int type, Comm* comm, long stream) {
  MAY_FAIL;
  note("allGather %ld to %ld count %zu type %d on %ld\n", (long)send, (long)receive, count, type, stream);
  published[comm->rank][0] = send;
  meet(comm->size);
  for (int peer = 0; peer < comm->size; peer++) memmove(receive + peer * count, published[peer][0], count);
  meet(comm->size);
  comm->queries = 1;
  return 7;
}

int ncclBroadcast(const char* send, char* receive, size_t count, int type, int root, Comm* comm, long stream) {
  MAY_FAIL;
  note("broadcast %ld to %ld count %zu type %d root %d on %ld\n", (long)send, (long)receive, count, type, root, stream);
  published[comm->rank][0] = send;
  meet(comm->size);
  if (comm->rank != root) memmove(receive, published[root][0], count);
  meet(comm->size);
  return 0;
}

int cuEventCreate(void** event, unsigned int flags) { *event = make(1); note("event flags %u\n", flags); return 0; }
int cuEventRecord(void* event, long stream) { MAY_FAIL; note("record on %ld\n", stream); return 0; }
int cuEventQuery(void* event) { return event_code; }
int cuEventDestroy_v2(void* event) { end(event, "cuEventDestroy"); return 0; }
