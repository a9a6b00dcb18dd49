/* Stands in for libmpi in MpiCollectiveTest: two ranks, of which this process is the first. The other one sends back
   what it receives. The environment variable STUB_LATE is the number of tests that find no request complete;
   STUB_GARBLED makes the other rank send bytes that no rank sends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long ompi_mpi_comm_world, ompi_mpi_byte, ompi_mpi_errors_return;

static char* receiving;
static int tests;

int MPI_Get_library_version(char* version, int* length) {
  *length = sprintf(version, "Open MPI of the stub");
  return 0;
}
int MPI_Initialized(int* flag) { return *flag = 0; }
int MPI_Finalized(int* flag) { return *flag = 0; }
int MPI_Init_thread(long argc, long argv, int required, int* provided) {
  *provided = required;
  return 0;
}
int MPI_Finalize(void) { return 0; }
int MPI_Abort(long comm, int code) {
  printf("MPI_Abort\n");
  return fflush(stdout);
}
int MPI_Comm_dup(long comm, long* duplicate) {
  *duplicate = comm;
  return 0;
}
int MPI_Comm_set_errhandler(long comm, long handler) { return 0; }
int MPI_Comm_rank(long comm, int* rank) { return *rank = 0; }
int MPI_Comm_size(long comm, int* size) {
  *size = 2;
  return 0;
}
int MPI_Error_string(int code, char* text, int* length) { return *length = 0; }
int MPI_Irecv(char* address, int count, long type, int from, int tag, long comm, long* request) {
  receiving = address;
  return 0;
}
int MPI_Isend(char* address, int count, long type, int to, int tag, long comm, long* request) {
  memcpy(receiving, address, count);
  if (getenv("STUB_GARBLED")) {
    memset(receiving, 0x55, count);
  }
  return 0;
}
int MPI_Test(long* request, int* flag, long status) {
  const char* late = getenv("STUB_LATE");
  *flag = tests++ >= (late ? atoi(late) : 0);
  return 0;
}
int MPI_Iallgather(char* send, int count, long type, char* receive, int receive_count, long receive_type, long comm,
                   long* request) {
  return 0;
}
int MPI_Ialltoall(char* send, int count, long type, char* receive, int receive_count, long receive_type, long comm,
                  long* request) {
  return 0;
}
int MPI_Ibcast(char* address, int count, long type, int root, long comm, long* request) { return 0; }
