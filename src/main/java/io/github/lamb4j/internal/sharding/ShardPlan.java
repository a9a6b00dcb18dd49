package io.github.lamb4j.internal.sharding;

import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Which rank owns which elements of a model. The tiles of all groups are numbered in the order of
 * groups and parameters, and each rank owns a range of them; all ranges but the last ones have the
 * same length. Ranges cut parameters anywhere between two tiles, because parameters differ too much
 * in size to balance. A parameter's part that a rank owns is its fragment, which may be empty.
 */
public final class ShardPlan {

  private final int ranks;
  private final Tiling[] tilings;
  private final int[] firstTiles;
  private final long[][] counts;
  private final int tilesPerRank;

  /**
   * Divides a model.
   *
   * @param ranks the number of ranks, at least 1
   * @throws IllegalArgumentException if the model is too large
   */
  public ShardPlan(List<ParameterGroup> groups, int ranks) {
    this.ranks = ranks;
    counts = groups.stream().map(ParameterGroup::counts).toArray(long[][]::new);
    tilings = Arrays.stream(counts).map(Tiling::of).toArray(Tiling[]::new);
    firstTiles = new int[tilings.length + 1];
    for (int g = 0; g < tilings.length; g++) {
      firstTiles[g + 1] = Math.addExact(firstTiles[g], tilings[g].tileCount());
    }
    tilesPerRank = Math.max(1, (tileCount() + ranks - 1) / ranks);
  }

  /** {@return the number of ranks} */
  public int ranks() {
    return ranks;
  }

  /** {@return the number of tiles of all groups} */
  public int tileCount() {
    return firstTiles[tilings.length];
  }

  /** {@return the largest number of tiles that a rank owns; only the last ranks may own fewer} */
  public int tilesPerRank() {
    return tilesPerRank;
  }

  /** {@return the first tile that a rank owns, or the number of tiles if it owns none} */
  public int firstTile(int rank) {
    return (int) Math.min(tileCount(), (long) rank * tilesPerRank);
  }

  /** {@return the number of tiles that a rank owns} */
  public int tileCount(int rank) {
    return firstTile(rank + 1) - firstTile(rank);
  }

  /** {@return the first tile of a parameter, among those of all groups} */
  public int firstTile(int group, int parameter) {
    return firstTiles[group] + tilings[group].firstTile(parameter);
  }

  /** {@return the first tile of a group} */
  public int firstTileOf(int group) {
    return firstTiles[group];
  }

  private int groupOf(int tile) {
    int at = Arrays.binarySearch(firstTiles, tile);
    if (at < 0) {
      return -at - 2;
    }
    while (firstTiles[at + 1] == tile) { // groups without tiles
      at++;
    }
    return at;
  }

  /** {@return the tiles of a parameter that a rank owns} */
  private int ownTiles(int rank, int group, int parameter) {
    return tilesBefore(rank + 1, group, parameter) - tilesBefore(rank, group, parameter);
  }

  /** {@return the tiles of a parameter that belong to lower ranks} */
  private int tilesBefore(int rank, int group, int parameter) {
    int before = firstTile(rank) - firstTile(group, parameter);
    return Math.max(0, Math.min(before, tilings[group].tileCount(parameter)));
  }

  /** {@return the parameter's first element that a rank owns} */
  public long from(int rank, int group, int parameter) {
    long elements = (long) tilesBefore(rank, group, parameter) * Tiling.TILE_ELEMENTS;
    return Math.min(elements, counts[group][parameter]);
  }

  /**
   * A range of a parameter's elements.
   *
   * @param first the first element
   * @param end the element after the last; at most {@code first} if the range is empty
   */
  public record Part(long first, long end) {

    /** {@return whether the range has no elements} */
    public boolean isEmpty() {
      return first >= end;
    }

    /** {@return the number of elements of a range that fits in memory} */
    public int length() {
      return (int) (end - first);
    }
  }

  /** {@return the elements of a range that a rank owns} */
  public Part part(int rank, int group, int parameter, long offset, long length) {
    long from = from(rank, group, parameter);
    return new Part(
        Math.max(offset, from), Math.min(offset + length, from + count(rank, group, parameter)));
  }

  /**
   * Where a tile of a model in host memory is.
   *
   * @param start the first element, within the whole parameter
   */
  public record Place(int group, int parameter, int start, int count) {}

  /** {@return where a tile of a model in host memory is} */
  public Place place(int tile) {
    int group = groupOf(tile);
    int parameter = tilings[group].segmentOf(tile - firstTiles[group]);
    int start = (tile - firstTile(group, parameter)) * Tiling.TILE_ELEMENTS;
    long left = counts[group][parameter] - start;
    return new Place(group, parameter, start, (int) Math.min(Tiling.TILE_ELEMENTS, left));
  }

  /** {@return the number of the parameter's elements that a rank owns} */
  public long count(int rank, int group, int parameter) {
    return from(rank + 1, group, parameter) - from(rank, group, parameter);
  }

  /** {@return the parameter's number of elements on all ranks} */
  public long count(int group, int parameter) {
    return counts[group][parameter];
  }

  /**
   * The tiles that take part in steps: those of parameters that are not frozen. They are numbered
   * within each group, without the others, and each rank owns a range of them.
   */
  public final class LiveTiles {

    private final int[][] first;

    private LiveTiles(List<ParameterGroup> groups, Set<String> frozen) {
      first = new int[groups.size()][ranks + 1];
      for (int g = 0; g < first.length; g++) {
        List<Parameter> parameters = groups.get(g).parameters();
        for (int p = 0; p < parameters.size(); p++) {
          if (!frozen.contains(parameters.get(p).name())) {
            for (int rank = 0; rank < ranks; rank++) {
              first[g][rank + 1] += ownTiles(rank, g, p);
            }
          }
        }
        Arrays.parallelPrefix(first[g], Integer::sum);
      }
    }

    /** {@return a rank's first live tile of a group} */
    public int first(int rank, int group) {
      return first[group][rank];
    }

    /** {@return the number of a group's live tiles on all ranks} */
    public int count(int group) {
      return first[group][ranks];
    }

    /** {@return the number of a rank's live tiles of a group} */
    public int count(int rank, int group) {
      return first[group][rank + 1] - first[group][rank];
    }
  }

  /** {@return the tiles of parameters that are not frozen} */
  public LiveTiles live(List<ParameterGroup> groups, Set<String> frozen) {
    return new LiveTiles(groups, frozen);
  }
}
