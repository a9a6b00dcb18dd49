package io.github.lamb4j.sharding;

/** The operations of a group. The order is part of the header that processes exchange. */
enum Operation {
  EXCHANGE("exchange"),
  ALL_GATHER("allGather"),
  ALL_TO_ALL("allToAll"),
  BROADCAST("broadcast"),
  CLOSE("close");

  private final String call;

  Operation(String call) {
    this.call = call;
  }

  /** {@return the name of the method} */
  String call() {
    return call;
  }
}
