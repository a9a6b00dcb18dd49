package io.github.lamb4j.internal.nccl;

import com.sun.jna.Structure;

/**
 * NCCL's {@code ncclUniqueId}, which is passed by value. Public with a public field, because JNA
 * reads it by reflection.
 */
@Structure.FieldOrder("internal")
public final class UniqueId extends Structure implements Structure.ByValue {

  static final int BYTES = 128;

  /** The bytes. */
  public byte[] internal = new byte[BYTES];
}
