// Something for a compiler to do.
#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <vector>

int main()
{
    std::map<std::string, std::vector<int>> words;
    const std::regex word("([a-z]+)=([0-9]+)");
    for (std::string line; std::getline(std::cin, line);) {
        std::smatch match;
        if (std::regex_search(line, match, word)) words[match[1]].push_back(std::stoi(match[2]));
    }
    for (auto& [name, counts] : words) {
        std::sort(counts.begin(), counts.end());
        std::cout << name << ' ' << counts[counts.size() / 2] << '\n';
    }
}
