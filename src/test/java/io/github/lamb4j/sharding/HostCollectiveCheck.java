package io.github.lamb4j.sharding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.Random;

/** Compares every operation of a collective with its definition, on random data. */
final class HostCollectiveCheck {

  private HostCollectiveCheck() {}

  /** Runs on every rank of a group. */
  static void run(HostCollective collective) {
    for (int bytes : new int[] {0, 1, 7, 64, 4099, 100_000}) {
      exchange(collective, bytes);
      allGather(collective, bytes);
      allGatherInPlace(collective, bytes);
      allToAll(collective, bytes);
      for (int root = 0; root < collective.size(); root++) {
        broadcast(collective, bytes, root);
      }
    }
  }

  private static void exchange(HostCollective collective, int bytes) {
    byte[][] messages = collective.exchange(data(collective.rank(), bytes + collective.rank()));
    assertEquals(collective.size(), messages.length);
    for (int rank = 0; rank < messages.length; rank++) {
      assertArrayEquals(data(rank, bytes + rank), messages[rank], "message of rank " + rank);
    }
  }

  private static void allGather(HostCollective collective, int bytes) {
    ByteBuffer send = padded(data(collective.rank(), bytes));
    ByteBuffer receive = padded(new byte[collective.size() * bytes]);
    collective.allGather(send, receive);
    for (int rank = 0; rank < collective.size(); rank++) {
      assertArrayEquals(data(rank, bytes), part(receive, rank * bytes, bytes), "rank " + rank);
    }
    requireUntouched(send, bytes);
    requireUntouched(receive, collective.size() * bytes);
  }

  private static void allGatherInPlace(HostCollective collective, int bytes) {
    ByteBuffer receive = padded(new byte[collective.size() * bytes]);
    int start = receive.position() + collective.rank() * bytes;
    ByteBuffer send = receive.duplicate().limit(start + bytes).position(start);
    send.put(start, data(collective.rank(), bytes));
    collective.allGather(send, receive);
    for (int rank = 0; rank < collective.size(); rank++) {
      assertArrayEquals(data(rank, bytes), part(receive, rank * bytes, bytes), "rank " + rank);
    }
  }

  private static void allToAll(HostCollective collective, int bytes) {
    int size = collective.size();
    ByteBuffer send = padded(data(collective.rank(), size * bytes));
    ByteBuffer receive = padded(new byte[size * bytes]);
    collective.allToAll(send, receive);
    for (int rank = 0; rank < size; rank++) {
      byte[] sent = data(rank, size * bytes);
      byte[] mine = new byte[bytes];
      System.arraycopy(sent, collective.rank() * bytes, mine, 0, bytes);
      assertArrayEquals(mine, part(receive, rank * bytes, bytes), "rank " + rank);
    }
    assertArrayEquals(data(collective.rank(), size * bytes), part(send, 0, size * bytes));
  }

  private static void broadcast(HostCollective collective, int bytes, int root) {
    boolean sends = collective.rank() == root;
    ByteBuffer buffer = padded(sends ? data(root, bytes) : new byte[bytes]);
    collective.broadcast(sends ? buffer.asReadOnlyBuffer() : buffer, root);
    assertArrayEquals(data(root, bytes), part(buffer, 0, bytes), "root " + root);
    requireUntouched(buffer, bytes);
  }

  static byte[] data(int rank, int bytes) {
    byte[] data = new byte[bytes];
    new Random(31L * rank + bytes).nextBytes(data);
    return data;
  }

  /** {@return a direct buffer with the data between position and limit, and other bytes around} */
  static ByteBuffer padded(byte[] data) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(data.length + 8);
    return buffer.put(3, data).position(3).limit(3 + data.length);
  }

  private static byte[] part(ByteBuffer buffer, int offset, int bytes) {
    byte[] part = new byte[bytes];
    buffer.get(buffer.position() + offset, part);
    return part;
  }

  private static void requireUntouched(ByteBuffer buffer, int bytes) {
    assertEquals(3, buffer.position());
    assertEquals(3 + bytes, buffer.limit());
    ByteBuffer whole = buffer.duplicate().clear();
    for (int i : new int[] {0, 1, 2, bytes + 3, bytes + 7}) {
      assertEquals(0, whole.get(i), "byte outside of the buffer's range");
    }
  }
}
