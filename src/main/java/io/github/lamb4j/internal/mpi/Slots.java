package io.github.lamb4j.internal.mpi;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;

/** Native memory for the handles of requests, which MPI reads and writes. */
final class Slots {

  private final boolean[] used;

  /** One handle per slot, then the flag that MPI_Test sets. */
  private final Memory memory;

  Slots(int count) {
    used = new boolean[count];
    memory = new Memory((count + 1L) * Long.BYTES);
  }

  /** {@return the address of the handle for a new or pending request} */
  long request(int slot) {
    used[slot] = true;
    return Pointer.nativeValue(memory) + (long) slot * Long.BYTES;
  }

  long flag() {
    return Pointer.nativeValue(memory) + (long) used.length * Long.BYTES;
  }

  boolean isFree(int slot) {
    return !used[slot];
  }

  /** {@return whether MPI_Test has set the flag; the slot is free then} */
  boolean freeIfComplete(int slot) {
    boolean complete = memory.getInt((long) used.length * Long.BYTES) != 0;
    used[slot] = !complete;
    return complete;
  }
}
