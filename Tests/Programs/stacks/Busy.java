// Keeps a virtual machine busy. Recorded by scripts/record-fixtures.
public class Busy {
    static int descend(int depth) {
        return depth == 0 ? Integer.toString(depth).hashCode() : descend(depth - 1) + 1;
    }

    public static void main(String[] words) {
        int sum = 0;
        while (true) sum += descend(20);
    }
}
