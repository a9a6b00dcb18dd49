package io.github.lamb4j.sharding;

import java.nio.ByteBuffer;
import java.util.Objects;

/** Checks of arguments, made before anything is sent. */
final class HostArguments {

  private HostArguments() {}

  static void allGather(ByteBuffer send, ByteBuffer receive, int size) {
    requireWritable("receive", receive);
    if (receive.remaining() != (long) size * send.remaining()) {
      throw new IllegalArgumentException(
          "receive: %d bytes remaining; allGather of %d bytes by %d ranks needs %d"
              .formatted(
                  receive.remaining(), send.remaining(), size, (long) size * send.remaining()));
    }
  }

  static void allToAll(ByteBuffer send, ByteBuffer receive, int size) {
    requireWritable("receive", receive);
    if (send.remaining() % size != 0) {
      throw new IllegalArgumentException(
          "send: %d bytes remaining; must be a multiple of the %d ranks"
              .formatted(send.remaining(), size));
    }
    if (receive.remaining() != send.remaining()) {
      throw new IllegalArgumentException(
          "receive: %d bytes remaining; must be %d, as in send"
              .formatted(receive.remaining(), send.remaining()));
    }
  }

  static void broadcast(ByteBuffer buffer, int root, int rank, int size) {
    requireRoot(root, size);
    if (root != rank) {
      requireWritable("buffer", buffer);
    }
  }

  static void requireRoot(int root, int size) {
    if (root < 0 || root >= size) {
      throw new IllegalArgumentException(
          "root %d: must be a rank from 0 to %d".formatted(root, size - 1));
    }
  }

  static void requireDirect(String name, ByteBuffer buffer) {
    if (!buffer.isDirect()) {
      throw new IllegalArgumentException(
          name + ": a heap buffer; MPI needs direct buffers, see ByteBuffer.allocateDirect");
    }
  }

  private static void requireWritable(String name, ByteBuffer buffer) {
    Objects.requireNonNull(buffer, name);
    if (buffer.isReadOnly()) {
      throw new IllegalArgumentException(name + ": the buffer is read-only");
    }
  }
}
