"""What every page of both programs shares."""
