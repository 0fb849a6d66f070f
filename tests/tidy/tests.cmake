add_test(NAME tidy COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_LIST_DIR}/tidy.py)
add_test(NAME tidy_self_test COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_LIST_DIR}/tidy.py --self-test)
set_tests_properties(tidy tidy_self_test PROPERTIES TIMEOUT 60 LABELS tidy)
